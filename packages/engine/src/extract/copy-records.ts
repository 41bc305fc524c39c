import { decoderOf, type Frame, frameOf } from '@aries-data/formats/internal';
import { AriesError, fieldsOf } from '@aries-data/sdk';
import { isRejected } from '@aries-data/sdk/internal';
import { createChangeRows } from '../dataset/change-rows.ts';
import type { StreamWriter } from '../dataset/stream-writer.ts';
import { fromAuthor } from '../step/author-errors.ts';
import { isDeletions } from '../step/deletions.ts';
import { isMark } from '../step/mark.ts';
import { prefetch } from '../step/prefetch.ts';
import { type CheckpointPace, createCheckpointPace } from './checkpoint-pace.ts';
import { endReading } from './end-reading.ts';
import { pieceEnd, readRecords } from './read-records.ts';
import type { StreamExtract } from './stream-extract.ts';
import { keepProgress, resumedContext, type StreamProgress, takeMark } from './stream-progress.ts';

/** Checks, transforms and encodes batches: the record lane. */
export async function copyRecords(
  options: StreamExtract,
  writer: StreamWriter,
  progress: StreamProgress,
): Promise<void> {
  const { context, connector, selected, window, chain, limit, changes } = options;
  const pace = createCheckpointPace();
  const isDue = () => writer.due || pace.due;
  const tally = structuredClone({
    counts: progress.counts,
    undeclared: progress.undeclared,
    reached: progress.reached,
    beyond: progress.beyond,
  });
  let { staged, rejected } = progress.counts;
  let hasCheckpoints = progress.base.position !== null;
  const rows = changes
    ? createChangeRows({ readStart: progress.base.readStart, rows: staged, fields: stagedNames(options) })
    : undefined;
  const items = endReading(readItems(options, progress), options.bounds, selected.stream);
  const records = readRecords(prefetch(noted(items, pace), context.signal), {
    selected,
    connector,
    window,
    tally,
    limit,
    readStart: progress.base.readStart,
    exact: options.exact,
    changes,
    isDue() {
      hasCheckpoints = true;
      return isDue();
    },
  });

  for await (const item of chain.run(records)) {
    if (isMark(item)) {
      takeMark(progress, item, staged);
      if (item.position === undefined || !isDue()) continue;
      await writer.cut();
      await keepProgress(options, writer, progress);
      pace.done();
    } else if (isRejected(item)) {
      rejected++;
      await writer.reject(item);
    } else {
      const batch = isDeletions(item) ? rows!.gone(item.op, item.keys, item.at) : (rows?.of(item) ?? item);
      await writer.writeBatch(batch);
      staged += batch.length;
      options.onProgress?.({
        step: context.step,
        stream: selected.as,
        records: tally.counts.read,
        rejected,
        bytes: writer.rawBytes,
      });
    }
    if (writer.due && !hasCheckpoints) await writer.cut();
  }
}

/** Returns the only fields that are staged. ndjson keeps those that no schema declares. */
function stagedNames({ chain, format }: StreamExtract): string[] | undefined {
  return chain.known === null || format === 'ndjson' ? undefined : Object.keys(chain.known.properties);
}

/** Tells the timer when items arrive: reading is ahead of the loop that takes them. */
async function* noted(items: AsyncIterable<unknown>, pace: CheckpointPace): AsyncGenerator<unknown> {
  for await (const item of items) {
    pace.received();
    yield item;
  }
}

/** Calls the source. If it has no `read`, its encoded pieces are decoded. */
function readItems(options: StreamExtract, progress: StreamProgress): AsyncIterable<unknown> {
  const { connector, selected } = options;
  const { name, stream } = selected;
  if (options.shared !== undefined) return options.shared.join(resumedContext(options, progress));
  if (stream.read === undefined) return decodeEncoded(options, progress);
  return fromAuthor<unknown>({ connector, stream: name, name: `streams.${name}.read` }, () =>
    stream.read!(resumedContext(options, progress)),
  );
}

async function* decodeEncoded(options: StreamExtract, progress: StreamProgress): AsyncGenerator<unknown> {
  const { connector, selected } = options;
  const encoded = selected.stream.readEncoded!;
  const format = encoded.formats[0]!;
  const author = { connector, stream: selected.name, name: `streams.${selected.name}.readEncoded.open` };
  const decode = decoderOf(format, fieldsOf(selected.schema!), { coerce: false });
  const context = { ...resumedContext(options, progress), format, concurrency: 1 };
  for await (const part of fromAuthor(author, () => encoded.open(context))) {
    let rows = 0;
    for await (const batch of decode(framed(part.body, frameOf(format)))) {
      rows += batch.length;
      yield batch;
    }
    const done = await part.done;
    if (done.rows !== rows)
      throw new AriesError('COUNTS_DIFFER', `The source reports ${done.rows} rows, but ${rows} arrived`);
    yield pieceEnd(done);
  }
}

async function* framed(rows: AsyncIterable<Buffer>, frame: Frame | undefined): AsyncGenerator<Buffer> {
  if (frame !== undefined) yield frame.head;
  yield* rows;
  if (frame !== undefined) yield frame.tail;
}
