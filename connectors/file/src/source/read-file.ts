import type { JsonRecord, Log, ReadItem } from '@aries-data/sdk';
import { z } from 'zod';
import type { SourceConfig } from '../config.ts';
import { addedFields, type Run } from './fields/added-fields.ts';
import type { Group, Place } from './formats/collector.ts';
import { type Content, readContent } from './formats/content.ts';
import { readCsv } from './formats/csv.ts';
import type { CsvMemory } from './formats/csv-rows.ts';
import { readNdjson } from './formats/ndjson.ts';
import { discard, type SourceFile } from './locations/source-file.ts';

/** The schema of a place within a file. */
export const placeSchema = z.union([
  z.strictObject({ offset: z.int().min(0), line: z.int().min(0) }),
  z.strictObject({ records: z.int().min(0) }),
]);

/** The place where an interrupted read of a file resumes. */
export interface Start {
  place: Place;
  /** True if `place` is an offset in the stored bytes. */
  seekable: boolean;
}

/** State shared by all files of one read. */
export interface Reading {
  config: SourceConfig;
  signal: AbortSignal;
  run: Run | undefined;
  memory: CsvMemory;
  warn(message: string): void;
  /** How many files were empty, and the first of their names. */
  empty: { count: number; names: string[] };
  /** True once a warning was given about a document that seems to wrap its records. */
  warnedOfWrapping?: boolean;
}

/** Begins to read files. */
export function startReading({
  config,
  signal,
  run,
  log,
}: {
  config: SourceConfig;
  signal: AbortSignal;
  run?: Run | undefined;
  log: Pick<Log, 'warn'>;
}): Reading {
  return {
    config,
    signal,
    run,
    memory: { warned: false },
    empty: { count: 0, names: [] },
    warn: (message) => log.warn(message),
  };
}

/** Warns about the files that were empty. */
export function warnOfEmpty({ empty, warn }: Reading): void {
  if (empty.count > 0) warn(emptyFiles(empty));
}

const SHOWN_NAMES = 5;

function emptyFiles({ count, names }: Reading['empty']): string {
  const [first] = names;
  if (count === 1) return `${first} is empty`;
  return `${count} files are empty: ${names.join(', ')}${count > names.length ? ', …' : ''}`;
}

/** Records of a file that were read together, and where reading resumes after them. */
export interface FileGroup {
  items: ReadItem<JsonRecord, never>[];
  next: Place;
  version: string | undefined;
  seekable: boolean;
}

/**
 * Reads a file group by group, with the position after each. `accept` is called with the version that was opened, before anything is read;
 * if it returns false, nothing is.
 */
export async function* readFile(
  file: SourceFile,
  reading: Reading,
  start: Start | undefined,
  accept: (version: string | undefined) => boolean,
): AsyncGenerator<FileGroup> {
  const { config, signal } = reading;
  const add = addedFields(file.name, config, reading.run) ?? ((items: FileGroup['items']) => items);
  const after = start !== undefined && 'offset' in start.place ? start.place : undefined;
  const opened = await file.open({ from: start?.seekable && after !== undefined ? after.offset : 0, signal });
  const { body, version } = opened;
  if (!accept(version)) return discard(body);
  if (after !== undefined && opened.offset > 0) {
    const groups = readNdjson(body, {
      name: file.name,
      config: { ...config, encoding: 'utf-8' },
      after,
      skip: after.offset - opened.offset,
    });
    for await (const { items, next } of groups) yield { items: add(items, 'ndjson'), next, version, seekable: true };
    return;
  }
  const content = await readContent(body, file.name, config);
  const seekable = !content.compressed && content.encoding === 'utf-8';
  const groups = await readGroups(content, file, reading, start?.place);
  for await (const { items, next } of groups) yield { items: add(items, content.format), next, version, seekable };
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
  const onEmpty = () => {
    if (reading.empty.count++ < SHOWN_NAMES) reading.empty.names.push(name);
  };
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
