import { Readable } from 'node:stream';
import { stepFolder } from '../dataset/layout.ts';
import type { Dataset, ManifestStream, Part } from '../dataset/manifest.ts';
import { openPartBytes, readPart } from '../dataset/part-reader.ts';
import { createStreamWriter } from '../dataset/stream-writer.ts';
import type { Destination, LoadCounts, LoadPart, LoadSession, StreamLoad } from '../destination.ts';
import type { StagedFormat } from '../formats/format.ts';
import { ndjsonEncoder } from '../formats/ndjson.ts';
import { pgcopyToCsv } from '../formats/pgcopy-to-csv.ts';
import { type Candidate, readLater } from '../ledger.ts';
import { type Batch, type Rejection, withOrigin } from '../records.ts';
import { fieldsOf, type JsonRecord } from '../schema.ts';
import { judgeRejected } from './judge.ts';
import type { LoadOptions } from './step.ts';
import { interrupted, type StepContext } from './step-context.ts';

export interface LoadStreamOptions {
  session: LoadSession;
  destination: Destination;
  dataset: Dataset;
  stream: ManifestStream;
  candidate: Candidate;
  context: StepContext;
  options: LoadOptions;
}

/** Writes one stream's parts into its target: untouched where the destination takes their format, else record by record. */
export async function loadStream({
  session,
  destination,
  dataset,
  stream,
  candidate,
  context,
  options,
}: LoadStreamOptions): Promise<LoadCounts & { rejected: number; firstReason?: string }> {
  const keeper = createStreamWriter({
    store: dataset.store,
    folder: stepFolder({ name: dataset.manifest.name, runId: dataset.manifest.runId, step: 'load' }),
    stream: candidate.stream,
    attempt: context.attempt,
    format: 'ndjson',
    compression: 'zst',
    encode: ndjsonEncoder(),
    signal: context.signal,
  });
  const waiting: Rejection[] = [];
  let rejected = 0;
  let records = 0;

  async function keepRejected(): Promise<void> {
    for (const rejection of waiting.splice(0)) {
      rejected++;
      await keeper.reject(rejection);
    }
    // A share can only be judged at the end; a number as soon as it is passed.
    if (options.maxRejected === undefined || 'count' in options.maxRejected)
      judgeRejected(
        candidate.stream,
        rejected,
        stream.counts.staged,
        options.maxRejected,
        keeper.firstRejected ?? undefined,
      );
  }

  function progress(): void {
    options.onProgress?.({ step: context.step, stream: candidate.stream, records, rejected, bytes: 0 });
  }

  const target = await session.open(
    {
      stream: candidate.stream,
      target: candidate.target,
      fields: fieldsOf(stream.schema),
      primaryKey: stream.primaryKey,
      cursor: stream.cursor,
      disposition: candidate.disposition,
      interval: candidate.interval ?? undefined,
      readLater: readLater(candidate),
      schemaChange: options.schemaChange ?? 'evolve',
    },
    (rejection) => waiting.push(rejection),
  );
  const partOf = wholeParts(target, destination, stream);
  try {
    for (const part of stream.parts) {
      if (context.signal.aborted) throw interrupted(context.signal);
      if (partOf !== undefined) {
        await target.writePart!(partOf(dataset, stream, part));
        records += part.rows;
        await keepRejected();
        progress();
      } else {
        records = await writeBatches(target, dataset, stream, part, context, records, keepRejected, progress);
      }
    }
    const counts = await target.finish();
    await keepRejected();
    return { ...counts, rejected, ...(keeper.firstRejected === null ? {} : { firstReason: keeper.firstRejected }) };
  } finally {
    await keeper.cut();
  }
}

type PartOf = (dataset: Dataset, stream: ManifestStream, part: Part) => LoadPart;

/** How whole parts are handed to the destination; undefined where it takes records only. */
function wholeParts(target: StreamLoad, { formats }: Destination, stream: ManifestStream): PartOf | undefined {
  const takes = (format: StagedFormat) => formats.includes(format) && target.takes?.(format) !== false;
  if (target.writePart === undefined || stream.inferred) return undefined;
  if (takes(stream.format)) return loadPart;
  // A target of PostgreSQL with other types: as csv the part holds what no record could, such as NaN.
  return stream.format === 'pgcopy' && formats.includes('pgcopy') && takes('csv') ? csvPart : undefined;
}

async function writeBatches(
  target: StreamLoad,
  dataset: Dataset,
  stream: ManifestStream,
  part: Part,
  context: StepContext,
  before: number,
  keepRejected: () => Promise<void>,
  progress: () => void,
): Promise<number> {
  let records = before;
  for await (const batch of located(readPart(dataset, stream, part), part)) {
    if (context.signal.aborted) throw interrupted(context.signal);
    await target.writeBatch(batch);
    records += batch.length;
    await keepRejected();
    progress();
  }
  return records;
}

function loadPart(dataset: Dataset, stream: ManifestStream, part: Part): LoadPart {
  return {
    format: stream.format,
    rows: part.rows,
    open: () => openPartBytes(dataset, stream, part),
    batches: () => located(readPart(dataset, stream, part), part),
  };
}

function csvPart(dataset: Dataset, stream: ManifestStream, part: Part): LoadPart {
  const rewrite = pgcopyToCsv(fieldsOf(stream.schema));
  return {
    ...loadPart(dataset, stream, part),
    format: 'csv',
    open: async () => Readable.from(rewrite(await openPartBytes(dataset, stream, part)), { objectMode: false }),
  };
}

/** Batches that know which record of which part file they hold. */
async function* located(batches: AsyncIterable<Batch>, part: Part): AsyncGenerator<Batch> {
  let first = 1;
  for await (const batch of batches) {
    const start = first;
    first += batch.length;
    yield withOrigin(batch as JsonRecord[], (index) => `${part.key} record ${start + index}`);
  }
}
