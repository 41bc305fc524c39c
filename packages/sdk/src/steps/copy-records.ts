import type { StreamWriter } from '../dataset/stream-writer.ts';
import { AriesError } from '../errors.ts';
import { decoderOf, type Frame, frameOf } from '../formats/codec.ts';
import { checkpoint, isCheckpoint, isRejected } from '../records.ts';
import { fieldsOf } from '../schema.ts';
import { ahead } from './ahead.ts';
import { fromAuthor } from './author-errors.ts';
import { createCheckpointPace } from './checkpoint-pace.ts';
import type { ExtractStreamOptions } from './extract-stream.ts';
import { readRecords } from './read-records.ts';
import { keepProgress, reach, resumedContext, type StreamProgress } from './stream-progress.ts';

/** The record lane: batches, checked, transformed and encoded. */
export async function copyRecords(
  options: ExtractStreamOptions,
  writer: StreamWriter,
  progress: StreamProgress,
): Promise<void> {
  const { context, connector, selected, window, chain, limit } = options;
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
      await keepProgress(options, writer, progress);
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
function readItems(options: ExtractStreamOptions, progress: StreamProgress): AsyncIterable<unknown> {
  const { connector, selected } = options;
  const { name, stream } = selected;
  if (stream.read === undefined) return decodeEncoded(options, progress);
  return fromAuthor<unknown>({ connector, stream: name, name: `streams.${name}.read` }, () =>
    stream.read!(resumedContext(options.readContext, progress)),
  );
}

async function* decodeEncoded(options: ExtractStreamOptions, progress: StreamProgress): AsyncGenerator<unknown> {
  const { connector, selected, readContext, window } = options;
  const encoded = selected.stream.readEncoded!;
  const format = encoded.formats[0]!;
  const author = { connector, stream: selected.name, name: `streams.${selected.name}.readEncoded.open` };
  const decode = decoderOf(format, fieldsOf(selected.schema!), { coerce: false });
  const context = { ...resumedContext(readContext, progress), format, concurrency: 1 };
  for await (const part of fromAuthor(author, () => encoded.open(context))) {
    let rows = 0;
    for await (const batch of decode(framed(part.body, frameOf(format)))) {
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

async function* framed(rows: AsyncIterable<Buffer>, frame: Frame | undefined): AsyncGenerator<Buffer> {
  if (frame !== undefined) yield frame.head;
  yield* rows;
  if (frame !== undefined) yield frame.tail;
}
