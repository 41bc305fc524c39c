import { cursorOrder } from '../cursor.ts';
import { type JournalEntry, readJournal, writeJournal } from '../dataset/journal.ts';
import type { Counts, ManifestStream, Part } from '../dataset/manifest.ts';
import { createStreamWriter, type StreamWriter } from '../dataset/stream-writer.ts';
import { AriesError } from '../errors.ts';
import { decoderOf, encoderOf } from '../formats/codec.ts';
import { CSV_DIALECT } from '../formats/csv.ts';
import type { Compression, StagedFormat } from '../formats/format.ts';
import { checkpoint, isCheckpoint, isRejected, rowsOf } from '../records.ts';
import { fieldsOf, kindOf, type RecordSchema } from '../schema.ts';
import type { EncodedResult, Partition, ReadContext } from '../source.ts';
import { unionKeys } from '../state.ts';
import type { Store } from '../stores/store.ts';
import { ahead } from './ahead.ts';
import { createCheckpointPace } from './checkpoint-pace.ts';
import { type Reached, readRecords } from './read-records.ts';
import type { SchemaChain } from './schema-chain.ts';
import type { SelectedStream } from './select-streams.ts';
import type { Progress } from './step.ts';
import type { StepContext } from './step-context.ts';
import type { StreamWindow } from './stream-window.ts';

export interface ExtractStreamOptions {
  context: StepContext;
  connector: string;
  store: Store;
  folder: string;
  selected: SelectedStream;
  window: StreamWindow;
  chain: SchemaChain;
  /** There are transforms, so records have to be looked at. */
  transformed: boolean;
  format: StagedFormat;
  compression: Compression;
  readContext: ReadContext<unknown>;
  partition: Partition | undefined;
  concurrency: number;
  limit: number | undefined;
  /** Go on from what an earlier attempt left. */
  resume: boolean;
  /** What was read to its end and came to fewer records is read anew: the source may have more by now. */
  enough: number;
  fingerprint: string;
  readStart: string;
  onProgress: ((progress: Progress) => void) | undefined;
}

/** What one stream came to, before the manifest is written. */
export interface ExtractedStream {
  stream: ManifestStream;
  /** When reading began, of the attempt whose parts these are. */
  readStart: string;
}

/** Reads one stream into parts, going on from the last durable checkpoint of an earlier attempt with the same inputs. */
export async function extractStream(options: ExtractStreamOptions): Promise<ExtractedStream> {
  const { context, store, folder, selected, fingerprint } = options;
  const found = options.resume ? await readJournal(store, folder, selected.as, fingerprint) : null;
  const earlier = found?.complete && found.counts.staged < options.enough ? null : found;
  if (earlier?.complete) {
    options.chain.restore(earlier.inferred);
    return { stream: manifestStream(options, earlier), readStart: earlier.readStart };
  }
  if (earlier !== null) {
    context.log.info(`${selected.as}: goes on from the checkpoint of attempt ${earlier.attempt}`, {
      stream: selected.as,
      records: earlier.counts.read,
    });
  }
  const progress = startEntry(options, earlier);
  const writer = createStreamWriter({
    store,
    folder,
    stream: selected.as,
    attempt: context.attempt,
    format: options.format,
    compression: options.compression,
    encode: encoderOf(options.format, stagedFields(options)),
    signal: context.signal,
  });
  try {
    if (selected.stream.readEncoded?.formats.includes(options.format) && !options.transformed)
      await copyEncoded(options, writer, progress);
    else await copyRecords(options, writer, progress);
    await writer.cut();
  } catch (error) {
    await writer.abort(error as Error);
    throw error;
  }
  const entry = journalEntry(writer, progress, true);
  await writeJournal(store, folder, selected.as, entry);
  return { stream: manifestStream(options, entry), readStart: entry.readStart };
}

/** A journal entry in the making: what came from an earlier attempt, and what this one adds. */
interface Progressing {
  base: JournalEntry;
  chain: SchemaChain;
  counts: Counts;
  undeclared: Record<string, number>;
  reached: Reached;
}

function startEntry(
  { context, fingerprint, readStart, chain }: ExtractStreamOptions,
  earlier: JournalEntry | null,
): Progressing {
  const base: JournalEntry = {
    attempt: context.attempt,
    fingerprint,
    readStart: earlier?.readStart ?? readStart,
    complete: false,
    resumed: earlier !== null,
    position: earlier?.position ?? null,
    parts: earlier?.parts ?? [],
    rejectedParts: earlier?.rejectedParts ?? [],
    firstRejected: earlier?.firstRejected ?? null,
    counts: earlier?.counts ?? { read: 0, staged: 0, rejected: 0, outside: 0, dropped: 0, expanded: 0 },
    undeclared: earlier?.undeclared ?? {},
    inferred: earlier?.inferred ?? [],
    reached: earlier?.reached ?? null,
    sequence: 0,
  };
  chain.restore(base.inferred);
  return {
    base,
    chain,
    counts: { ...base.counts },
    undeclared: { ...base.undeclared },
    reached: { state: structuredClone(base.reached) },
  };
}

function journalEntry(writer: StreamWriter, progress: Progressing, complete: boolean): JournalEntry {
  const { base } = progress;
  return {
    ...base,
    complete,
    parts: [...base.parts, ...writer.parts],
    rejectedParts: [...base.rejectedParts, ...writer.rejectedParts],
    firstRejected: base.firstRejected ?? writer.firstRejected,
    counts: { ...progress.counts },
    undeclared: { ...progress.undeclared },
    inferred: progress.chain.snapshot(),
    reached: structuredClone(progress.reached.state),
    sequence: base.sequence++,
  };
}

/** The record lane: batches, checked, transformed and encoded. */
async function copyRecords(options: ExtractStreamOptions, writer: StreamWriter, progress: Progressing): Promise<void> {
  const { context, connector, selected, window, chain, store, folder, limit } = options;
  const { counts, undeclared, reached } = progress;
  const records = readRecords(ahead(readItems(options, progress), context.signal), {
    selected,
    connector,
    window,
    counts,
    undeclared,
    // Encoded parts say themselves how far they reach.
    reached: selected.stream.read === undefined ? null : reached,
    limit,
  });

  const pace = createCheckpointPace();
  for await (const item of chain.run(records, counts)) {
    if (isCheckpoint(item)) {
      progress.base.position = item.position;
      if (!writer.due && !pace.due) continue;
      await writer.cut();
      await writeJournal(store, folder, selected.as, journalEntry(writer, progress, false));
      pace.done();
    } else if (isRejected(item)) {
      await writer.reject(item);
    } else {
      await writer.writeBatch(item);
      counts.staged += item.length;
      options.onProgress?.({
        step: context.step,
        stream: selected.as,
        records: counts.read,
        rejected: counts.rejected,
        bytes: writer.rawBytes,
      });
    }
    if (writer.due && progress.base.position === null) await writer.cut();
  }
}

/** What the source yields: its own records, or its encoded parts decoded where it has only those. */
function readItems(options: ExtractStreamOptions, progress: Progressing): AsyncIterable<unknown> {
  const { stream } = options.selected;
  if (stream.read === undefined) return decodeEncoded(options, progress);
  return stream.read(resumedContext(options.readContext, progress)) as AsyncIterable<unknown>;
}

/** What is left to be read. */
function resumedContext(readContext: ReadContext<unknown>, { base }: Progressing): ReadContext<unknown> {
  const { limit } = readContext;
  return {
    ...readContext,
    ...(base.position === null ? {} : { position: base.position }),
    ...(limit === undefined ? {} : { limit: Math.max(0, limit - base.counts.read) }),
  };
}

async function* decodeEncoded(options: ExtractStreamOptions, progress: Progressing): AsyncGenerator<unknown> {
  const { selected, readContext, concurrency, window } = options;
  const encoded = selected.stream.readEncoded!;
  const format = encoded.formats[0]!;
  const decode = decoderOf(format, fieldsOf(selected.schema!), { coerce: false });
  for await (const part of encoded.open({ ...resumedContext(readContext, progress), format, concurrency })) {
    let rows = 0;
    for await (const batch of decode(part.body)) {
      rows += batch.length;
      yield batch;
    }
    const done = await part.done;
    if (done.rows !== rows)
      throw new AriesError('COUNTS_DIFFER', `The source says it sent ${done.rows} rows, ${rows} arrived`);
    if (window.mode !== 'interval') reach(progress.reached, done, window.order);
    if (done.position !== undefined) yield checkpoint(done.position);
  }
}

/** The byte lane: encoded rows from the source to the parts, untouched. */
async function copyEncoded(options: ExtractStreamOptions, writer: StreamWriter, progress: Progressing): Promise<void> {
  const { context, selected, store, folder, format, concurrency, window, readContext } = options;
  const { counts, reached } = progress;
  const ctx = { ...resumedContext(readContext, progress), format, concurrency };
  const pace = createCheckpointPace();
  for await (const part of ahead(selected.stream.readEncoded!.open(ctx), context.signal)) {
    let tagged = 0;
    for await (const chunk of ahead(part.body as AsyncIterable<Buffer>, context.signal)) {
      const rows = rowsOf(chunk) ?? 0;
      tagged += rows;
      await writer.writeEncoded(chunk, rows);
      if (rows > 0 && writer.due) await writer.cut();
      options.onProgress?.({
        step: context.step,
        stream: selected.as,
        records: counts.read + tagged,
        rejected: 0,
        bytes: writer.rawBytes,
      });
    }
    const done = await part.done;
    if (tagged === 0) await writer.addRows(done.rows);
    else if (tagged !== done.rows)
      throw new AriesError(
        'COUNTS_DIFFER',
        `${selected.as}: the source says it sent ${done.rows} rows, ${tagged} arrived`,
      );
    counts.read += done.rows;
    counts.staged += done.rows;
    if (window.mode !== 'interval') reach(reached, done, window.order);
    if (done.position !== undefined) {
      progress.base.position = done.position;
      if (writer.due || pace.due) {
        await writer.cut();
        await writeJournal(store, folder, selected.as, journalEntry(writer, progress, false));
        pace.done();
      }
    }
    if (tagged === 0) await writer.cut();
  }
}

function reach(
  reached: Reached,
  { maxCursor, keysAtMax = [] }: EncodedResult,
  order: ReturnType<typeof cursorOrder>,
): void {
  if (maxCursor === undefined) return;
  const comparison = reached.state === null ? 1 : order(maxCursor, reached.state.cursor);
  if (comparison > 0) reached.state = { cursor: maxCursor, keys: keysAtMax };
  else if (comparison === 0) reached.state!.keys = unionKeys(reached.state!.keys, keysAtMax);
}

function stagedFields({ chain, format, selected }: ExtractStreamOptions) {
  if (chain.known === null && format !== 'ndjson') {
    throw new AriesError(
      'CONFIG_INVALID',
      `${selected.as}: its schema is inferred, so it is staged as ndjson, not ${format}`,
      { stream: selected.as },
    );
  }
  return fieldsOf(chain.known ?? { type: 'object', properties: {} });
}

function manifestStream(options: ExtractStreamOptions, entry: JournalEntry): ManifestStream {
  const { selected, window, format, compression, chain, limit, partition } = options;
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
      { stream: selected.as, hint: 'A transform that leaves out or adds records says so with drop and expand.' },
    );
  }
  const { primaryKey, cursor } = chain.keys();
  const tracksState = selected.cursor !== undefined && window.mode !== 'interval' && limit === undefined;
  return {
    schema,
    inferred: chain.inferred,
    primaryKey: [...primaryKey],
    ...(cursor === undefined ? {} : { cursor }),
    mode: window.mode,
    ...(selected.options.disposition === undefined ? {} : { disposition: selected.options.disposition }),
    ...(selected.options.lag === undefined ? {} : { lag: selected.options.lag }),
    format,
    ...(format === 'csv' ? { dialect: CSV_DIALECT } : {}),
    compression,
    parts,
    rejectedParts: entry.rejectedParts,
    firstRejected: entry.firstRejected,
    counts: { ...counts, staged },
    undeclared: entry.undeclared,
    stateBefore: window.stateBefore,
    stateAfter: tracksState ? laterState(entry.reached, window, selected, schema) : null,
    consistency:
      selected.stream.readEncoded === undefined
        ? 'none'
        : partition !== undefined || entry.resumed
          ? 'per-range'
          : 'snapshot',
  };
}

function laterState(
  reached: JournalEntry['reached'],
  window: StreamWindow,
  selected: SelectedStream,
  schema: RecordSchema,
) {
  const before = window.stateBefore;
  if (reached === null || before === null) return reached ?? before;
  const field = schema.properties[selected.cursor!];
  const order = field === undefined ? window.order : cursorOrder(kindOf(field));
  const comparison = order(reached.cursor, before.cursor);
  if (comparison > 0) return reached;
  // Rows newly found at the boundary join those already loaded there.
  return { cursor: before.cursor, keys: unionKeys(before.keys, comparison === 0 ? reached.keys : []) };
}
