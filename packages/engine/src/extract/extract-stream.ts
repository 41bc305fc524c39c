import { CSV_DIALECT, encoderOf } from '@aries-data/formats/internal';
import { AriesError, type RecordSchema } from '@aries-data/sdk';
import { fingerprintDigest } from '../dataset/fingerprint.ts';
import { type JournalEntry, readJournal, writeJournal } from '../dataset/journal.ts';
import { newAttempt } from '../dataset/layout.ts';
import type { ManifestStream, Part, StreamHead } from '../dataset/manifest.ts';
import { stagedFieldsOf } from '../dataset/staged-fields.ts';
import { createPartNumbers, createStreamWriter } from '../dataset/stream-writer.ts';
import { copyEncoded } from './copy-encoded.ts';
import { copyRecords } from './copy-records.ts';
import { knownAtEnd } from './cursor-reach.ts';
import { positionOf } from './position.ts';
import { logWaiting, type StateAfter, stateAfter } from './state-after.ts';
import type { StreamExtract } from './stream-extract.ts';
import { journalEntry, type StreamProgress, startProgress, type Written } from './stream-progress.ts';

/** Extracted stream, before the manifest is written. */
export interface ExtractedStream {
  stream: ManifestStream;
  /** When the attempt that wrote the first parts began to read. */
  readStart: string;
}

/** Reads one stream into parts. Resumes from the last durable checkpoint of an earlier attempt with the same inputs. */
export async function extractStream(options: StreamExtract): Promise<ExtractedStream> {
  const entry = await readToEnd(options);
  const after = stateAfter(entry, options, options.chain.schema());
  if (!('below' in after)) return extracted(options, entry, after, undefined);
  const { below } = after;
  const { window, fingerprint } = options;
  const shorter: StreamExtract = {
    ...options,
    // A new attempt gives its parts other names.
    context: { ...options.context, attempt: newAttempt() },
    window: { ...window, window: { ...window.window, until: below } },
    chain: options.newChain(),
    fingerprint: fingerprintDigest({ fingerprint, below }),
  };
  options.context.log.info(`${options.selected.as}: reading again, up to ${below}`, { stream: options.selected.as });
  const read = await readToEnd(shorter);
  // This read has all records below that value, and none with it.
  const reached = { ...read, reached: { cursor: below, keys: [] } };
  return extracted(shorter, reached, stateAfter(reached, shorter, shorter.chain.schema()) as StateAfter, below);
}

function extracted(
  options: StreamExtract,
  entry: JournalEntry,
  after: StateAfter,
  below: string | undefined,
): ExtractedStream {
  logWaiting(options, after, below);
  return { stream: manifestStream(options, entry, after), readStart: entry.readStart };
}

async function readToEnd(options: StreamExtract): Promise<JournalEntry> {
  const { context, store, folder, selected, window, fingerprint } = options;
  const found = options.resume
    ? await readJournal({ store, folder, stream: selected.as, fingerprint, log: context.log })
    : null;
  const earlier = found?.complete && found.counts.staged < options.enough ? null : resumable(options, found);
  // Streams of one log must all end at the same place, so what an earlier attempt took for the end is only a checkpoint.
  if (earlier?.complete && options.shared === undefined) {
    options.chain.restore(earlier.inferred);
    return earlier;
  }
  if (earlier !== null) {
    context.log.info(`${selected.as}: resuming from the checkpoint of attempt ${earlier.attempt}`, {
      stream: selected.as,
      records: earlier.counts.read,
    });
  }
  const progress = startProgress(options, earlier);
  const { known } = options.chain;
  if (known !== null) options.onStart(headOf(options, known));
  for (const part of progress.base.parts) options.onPart(part);
  const written = await copy(options, progress);
  progress.beyond = knownAtEnd(progress.beyond, window.order);
  const entry = journalEntry(written, progress, true);
  await writeJournal(store, folder, selected.as, entry);
  return entry;
}

/** Returns the journal entry of an earlier attempt if its position matches the stream's schema for positions. */
function resumable({ selected, context }: StreamExtract, found: JournalEntry | null): JournalEntry | null {
  if (found === null || found.complete) return found;
  const { fault } = positionOf(selected.stream, found.position);
  if (fault === undefined) return found;
  context.log.warn(
    `${selected.as}: the checkpoint of attempt ${found.attempt} does not match this version of the source (${fault}), so the stream is read from the start`,
    { stream: selected.as },
  );
  return null;
}

/** Copies the stream: untouched if the source encodes it and there are no transforms, otherwise record by record. */
async function copy(options: StreamExtract, progress: StreamProgress): Promise<Written> {
  const { context, store, folder, selected, format, compression, transformed, changes } = options;
  const numbers = createPartNumbers();
  const openWriter = () =>
    createStreamWriter({
      store,
      folder,
      stream: selected.as,
      attempt: context.attempt,
      format,
      compression,
      encode: encoderOf(format, stagedFields(options)),
      numbers,
      onPart: options.onPart,
      signal: context.signal,
    });
  if (selected.stream.readEncoded?.formats.includes(format) && !transformed && !changes)
    return copyEncoded(options, openWriter, progress);
  const writer = openWriter();
  try {
    await copyRecords(options, writer, progress);
    await writer.cut();
    return writer;
  } catch (error) {
    await writer.abort(error as Error);
    throw error;
  }
}

/** Returns the manifest's description of the stream, as far as it is known before the end. */
function headOf(options: StreamExtract, schema: RecordSchema): StreamHead {
  const { selected, window, format, compression, chain, changes, limit } = options;
  const { primaryKey, cursor } = chain.keys();
  const { disposition, deletes, schemaChange, lag } = selected.options;
  return {
    schema,
    inferred: chain.inferred,
    primaryKey: [...primaryKey],
    ...(cursor === undefined ? {} : { cursor }),
    mode: window.mode,
    ...(disposition === undefined ? {} : { disposition }),
    ...(selected.stream.changes === true ? { changes } : {}),
    ...(deletes === undefined ? {} : { deletes }),
    ...(limit === undefined ? {} : { limited: true }),
    ...(schemaChange === undefined ? {} : { schemaChange }),
    ...(lag === undefined ? {} : { lag }),
    format,
    ...(format === 'csv' ? { dialect: CSV_DIALECT } : {}),
    compression,
    stateBefore: window.stateBefore,
  };
}

function stagedFields({ chain, format, selected, changes }: StreamExtract) {
  if (chain.known === null && format !== 'ndjson') {
    throw new AriesError(
      'CONFIG_INVALID',
      `${selected.as}: a stream with an inferred schema can only be staged as ndjson, not ${format}`,
      { stream: selected.as },
    );
  }
  const schema = chain.known ?? { type: 'object' as const, properties: {} };
  // The key of an open schema is only known at the end.
  return stagedFieldsOf({ schema, changes, primaryKey: changes ? [...chain.keys().primaryKey] : [] });
}

function manifestStream(options: StreamExtract, entry: JournalEntry, after: StateAfter): ManifestStream {
  const { selected, chain } = options;
  const schema = chain.schema();
  const counts = entry.counts;
  const parts: Part[] = entry.parts;
  const staged = parts.reduce((sum, part) => sum + part.rows, 0);
  const rejectedRows = entry.rejectedParts.reduce((sum, part) => sum + part.rows, 0);
  const expected = counts.read - counts.rejected - counts.outside - counts.dropped + counts.expanded;
  if (staged !== expected || rejectedRows !== counts.rejected) {
    throw new AriesError(
      'COUNTS_DIFFER',
      `${selected.as}: ${counts.read} read, ${staged} staged, ${rejectedRows} rejected, ${counts.outside} outside, ${counts.dropped} dropped, ${counts.expanded} added do not add up`,
      {
        stream: selected.as,
        hint: 'A transform that drops or adds records must report them with drop and expand. Use --force to read the stream again.',
      },
    );
  }
  const { stateBefore, ...head } = headOf(options, schema);
  return {
    ...head,
    parts,
    rejectedParts: entry.rejectedParts,
    firstRejected: entry.firstRejected,
    counts: { ...counts, staged },
    undeclared: entry.undeclared,
    stateBefore,
    ...after,
    consistency:
      options.changes || selected.stream.readEncoded === undefined ? 'none' : entry.resumed ? 'per-range' : 'snapshot',
  };
}
