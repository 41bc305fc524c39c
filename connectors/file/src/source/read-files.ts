import { createHash, type Hash } from 'node:crypto';
import { AriesError, checkpoint, type JsonRecord, type ReadContext, type ReadItem } from '@aries-data/sdk';
import { z } from 'zod';
import type { SourceConfig } from '../config.ts';
import type { Group, Place } from './formats/collector.ts';
import { type Content, readContent } from './formats/content.ts';
import { readCsv } from './formats/csv.ts';
import type { CsvMemory } from './formats/csv-rows.ts';
import { readNdjson } from './formats/ndjson.ts';
import { locate } from './locations/locate.ts';
import { discard, type SourceFile } from './locations/source-file.ts';
import { filesOf } from './partition-files.ts';

/** The place where an interrupted read resumes. It is valid only while the files stay the same. */
export const positionSchema = z.object({
  /** The number of the file, from 0, and its name. */
  index: z.int().min(0),
  file: z.string(),
  version: z.string(),
  /** A digest of the names and versions of the earlier files, which are not read again. */
  before: z.string(),
  place: z.union([
    z.strictObject({ offset: z.int().min(0), line: z.int().min(0) }),
    z.strictObject({ records: z.int().min(0) }),
  ]),
  /** True if `place` is an offset in the stored bytes. */
  seekable: z.boolean(),
});
export type Position = z.output<typeof positionSchema>;

/** Reads all files of the config or of a partition, one after the other. */
export async function* readFiles({
  config,
  signal,
  position,
  partition,
  log,
  inputs,
}: ReadContext<SourceConfig, Position>): AsyncGenerator<ReadItem<JsonRecord, Position>> {
  const located = await locate(config.url);
  const { close } = located;
  try {
    const files = partition === undefined ? located.files : filesOf(located.files, partition);
    const resumable = files.length === 1 || files.every(({ version }) => version !== undefined);
    const from = position;
    const empty: string[] = [];
    const reading: Reading = { config, signal, memory: { warned: false }, empty, warn: (message) => log.warn(message) };
    // The digest is updated file by file: computing each from the start would take quadratic time.
    const digest = createHash('sha256');
    const versions = files.map((file) => file.version);
    for (let index = 0; index < files.length; index++) {
      const file = files[index]!;
      const before = shortDigest(digest);
      digest.update(JSON.stringify([file.name, file.version ?? null]));
      if (from !== undefined && index < from.index) continue;
      const start = index === from?.index ? from : undefined;
      if (start !== undefined) checkSameFiles(file, before, start);
      log.debug(`reading ${file.name}`);
      for await (const { items, next, version, seekable } of readFile(file, reading, start)) {
        signal.throwIfAborted();
        versions[index] = version;
        yield* items;
        if (!resumable || version === undefined) continue;
        const reached: Position = { index, file: file.name, version, before, place: next, seekable };
        yield checkpoint(reached);
      }
    }
    if (from !== undefined && from.index >= files.length) throw otherFiles();
    if (empty.length > 0) log.warn(emptyFiles(empty));
    if (versions.every((version) => version !== undefined)) {
      inputs?.(files.map(({ name, id }, index) => ({ name, id, version: versions[index]! })));
    }
  } finally {
    await close();
  }
}

/** State shared by all files of one read. */
interface Reading {
  config: SourceConfig;
  signal: AbortSignal;
  memory: CsvMemory;
  warn(message: string): void;
  /** The names of empty files. */
  empty: string[];
  /** True once a warning was given about a document that seems to wrap its records. */
  warnedOfWrapping?: boolean;
}

const SHOWN_NAMES = 5;

function emptyFiles(names: readonly string[]): string {
  const [first] = names;
  if (names.length === 1) return `${first} is empty`;
  const more = names.length > SHOWN_NAMES ? ', …' : '';
  return `${names.length} files are empty: ${names.slice(0, SHOWN_NAMES).join(', ')}${more}`;
}

/** Reads a file group by group, with the position after each. */
async function* readFile(file: SourceFile, reading: Reading, start: Position | undefined) {
  const { config, signal } = reading;
  const after = start !== undefined && 'offset' in start.place ? start.place : undefined;
  const opened = await file.open({ from: start?.seekable && after !== undefined ? after.offset : 0, signal });
  const { body, version } = opened;
  if (start !== undefined && version !== start.version) {
    await discard(body);
    throw changed(`${file.name} has changed`);
  }
  if (after !== undefined && opened.offset > 0) {
    const groups = readNdjson(body, {
      name: file.name,
      config: { ...config, encoding: 'utf-8' },
      after,
      skip: after.offset - opened.offset,
    });
    for await (const group of groups) yield { ...group, version, seekable: true };
    return;
  }
  const content = await readContent(body, file.name, config);
  const seekable = !content.compressed && content.encoding === 'utf-8';
  const groups = await readGroups(content, file, reading, start?.place);
  for await (const group of groups) yield { ...group, version, seekable };
}

async function readGroups(
  { format, encoding, bytes }: Content,
  file: SourceFile,
  reading: Reading,
  place: Place | undefined,
): Promise<AsyncIterable<Group>> {
  const { name } = file;
  const config = { ...reading.config, encoding };
  const skip = place !== undefined && 'records' in place ? place.records : 0;
  const after = place !== undefined && 'offset' in place ? place : undefined;
  const onEmpty = () => void reading.empty.push(name);
  switch (format) {
    case 'json': {
      // Loaded here: its parser is a dozen modules, which other formats do not need.
      const { readJson } = await import('./formats/json.ts');
      return readJson(bytes, {
        name,
        config,
        skip,
        reopen: file.readsOnce ? undefined : () => reopen(file, reading),
        onWrapped: (pointer, count) => warnOfWrapping(reading, name, pointer, count),
      });
    }
    case 'csv':
      return readCsv(bytes, { name, config, skip, memory: reading.memory, warn: reading.warn, onEmpty });
    case 'ndjson':
      return readNdjson(bytes, { name, config, after, skip: after?.offset ?? 0, onEmpty });
  }
}

/** Warns once that a document read as one record may contain many. */
function warnOfWrapping(reading: Reading, name: string, pointer: string, count: number): void {
  if (reading.warnedOfWrapping) return;
  reading.warnedOfWrapping = true;
  reading.warn(
    `${name} is read as one record, an object. If the records are the ${count} objects in its list, set "records" to ${JSON.stringify(pointer)}`,
  );
}

async function reopen(file: SourceFile, { config, signal }: Reading): Promise<AsyncIterable<Uint8Array>> {
  const { body } = await file.open({ from: 0, signal });
  return (await readContent(body, file.name, config)).bytes;
}

function checkSameFiles(file: SourceFile, before: string, from: Position): void {
  if (file.name !== from.file || before !== from.before) throw otherFiles();
}

function otherFiles(): AriesError {
  return changed('the files that match the url have changed');
}

function changed(what: string): AriesError {
  return new AriesError('DATA_INVALID', `${what} since the interrupted attempt, so the read cannot resume`, {
    hint: 'Use another run id to read from the start.',
  });
}

/** Returns a shortened digest of what was added so far. */
function shortDigest(digest: Hash): string {
  return digest.copy().digest('hex').slice(0, 32);
}
