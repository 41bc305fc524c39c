import { AriesError, type EncodedPart, type EncodedResult } from '@aries-data/sdk';
import { release, rowsOf } from '@aries-data/sdk/internal';
import type { StreamWriter } from '../dataset/stream-writer.ts';
import { fromAuthor } from '../step/author-errors.ts';
import { prefetch } from '../step/prefetch.ts';
import { createCheckpointPace } from './checkpoint-pace.ts';
import { createEncodedProgress, type Piece } from './encoded-progress.ts';
import type { StreamExtract } from './stream-extract.ts';
import { keepProgress, resumedContext, type StreamProgress, type Written } from './stream-progress.ts';

/**
 * Copies encoded rows from the source to the parts, untouched: the byte lane. Pieces that the source offers at the same time are
 * copied at the same time, each lane into its own part files.
 */
export async function copyEncoded(
  options: StreamExtract,
  openWriter: () => StreamWriter,
  progress: StreamProgress,
): Promise<Written> {
  const { context, connector, selected, format, concurrency } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const author = { connector, stream: selected.name, name: `streams.${selected.name}.readEncoded.open` };
  const source = fromAuthor(author, () =>
    selected.stream.readEncoded!.open({ ...resumedContext(options, progress), format, concurrency }),
  );
  const pieces = numbered(prefetch(source, signal));
  const durable = createEncodedProgress(options, progress);
  const onRows = meterOf(options, progress);
  const pace = createCheckpointPace();
  let failure: { error: unknown } | undefined;

  async function lane(): Promise<void> {
    const writer = openWriter();
    let copied: Piece[] = [];
    let kept = 0;
    const close = async () => {
      await writer.cut();
      const isResumable = durable.add({ pieces: copied, parts: writer.parts.slice(kept) });
      kept = writer.parts.length;
      copied = [];
      if (!isResumable) return;
      pace.done();
      await keepProgress(options, durable.written, progress);
    };
    try {
      for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
        pace.received();
        const { index, part } = next.value;
        const done = await copyPiece(part, writer, { stream: selected.as, signal, onRows });
        copied.push({ index, ...done });
        if (writer.due || (done.position !== undefined && pace.due)) await close();
      }
      await close();
    } catch (error) {
      failure ??= { error };
      stop.abort(context.signal.reason);
      await writer.abort(error as Error);
    }
  }

  await Promise.all(Array.from({ length: concurrency }, lane));
  if (failure !== undefined) {
    await pieces.return();
    throw failure.error;
  }
  return durable.written;
}

async function* numbered(
  parts: AsyncIterable<EncodedPart>,
): AsyncGenerator<{ index: number; part: EncodedPart }, void> {
  let index = 0;
  for await (const part of parts) yield { index: index++, part };
}

interface CopyPieceOptions {
  stream: string;
  signal: AbortSignal;
  onRows(rows: number, bytes: number): void;
}

/** Copies one piece. A full part file is closed in the middle of it if the source says how many rows each chunk has. */
export async function copyPiece(
  part: EncodedPart,
  writer: StreamWriter,
  { stream, signal, onRows }: CopyPieceOptions,
): Promise<EncodedResult> {
  let tagged = 0;
  for await (const chunk of prefetch(part.body as AsyncIterable<Buffer>, signal)) {
    const rows = rowsOf(chunk) ?? 0;
    tagged += rows;
    await writer.writeEncoded(chunk, rows);
    onRows(rows, chunk.byteLength);
    release(chunk);
    if (rows > 0 && writer.due) await writer.cut();
  }
  const done = await part.done;
  if (tagged === 0) {
    await writer.addRows(done.rows);
    await writer.cut();
  } else if (tagged !== done.rows) {
    throw new AriesError('COUNTS_DIFFER', `${stream}: the source reports ${done.rows} rows, but ${tagged} arrived`);
  }
  return done;
}

function meterOf({ context, selected, onProgress }: StreamExtract, { base }: StreamProgress) {
  let records = base.counts.read;
  let bytes = 0;
  return (newRows: number, newBytes: number): void => {
    records += newRows;
    bytes += newBytes;
    onProgress?.({ step: context.step, stream: selected.as, records, rejected: 0, bytes });
  };
}
