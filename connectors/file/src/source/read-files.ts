import { createHash, type Hash } from 'node:crypto';
import { AriesError, checkpoint, type JsonRecord, type ReadContext, type ReadItem } from '@aries-data/sdk';
import { z } from 'zod';
import type { SourceConfig } from '../config.ts';
import { locate } from './locations/locate.ts';
import type { SourceFile } from './locations/source-file.ts';
import { filesOf } from './partition-files.ts';
import { periodsOf } from './periods.ts';
import { placeSchema, readFile, startReading, warnOfEmpty } from './read-file.ts';

/** The place where an interrupted read resumes. It is valid only while the files stay the same. */
export const positionSchema = z.object({
  /** The number of the file, from 0, and its name. */
  index: z.int().min(0),
  file: z.string(),
  version: z.string(),
  /** A digest of the names and versions of the earlier files, which are not read again. */
  before: z.string(),
  place: placeSchema,
  /** True if `place` is an offset in the stored bytes. */
  seekable: z.boolean(),
});
export type Position = z.output<typeof positionSchema>;

/** Reads all files of the config or of a partition, one after the other. */
export async function* readFiles(
  ctx: ReadContext<SourceConfig, Position>,
): AsyncGenerator<ReadItem<JsonRecord, Position>> {
  const { config, signal, position, partition, log, inputs } = ctx;
  const located = await locate(config, periodsOf(ctx), signal);
  const { close } = located;
  try {
    const files = partition === undefined ? located.files : filesOf(located.files, partition);
    const resumable = files.length === 1 || files.every(({ version }) => version !== undefined);
    const from = position;
    const reading = startReading(ctx);
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
      const accept = (version: string | undefined) => {
        if (start !== undefined && version !== start.version) throw changed(`${file.name} has changed`);
        return true;
      };
      for await (const { items, next, version, seekable } of readFile(file, reading, start, accept)) {
        signal.throwIfAborted();
        versions[index] = version;
        yield* items;
        if (!resumable || version === undefined) continue;
        const reached: Position = { index, file: file.name, version, before, place: next, seekable };
        yield checkpoint(reached);
      }
    }
    if (from !== undefined && from.index >= files.length) throw otherFiles();
    warnOfEmpty(reading);
    if (versions.every((version) => version !== undefined)) {
      inputs?.(files.map(({ name, id }, index) => ({ name, id, version: versions[index]! })));
    }
  } finally {
    await close();
  }
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
