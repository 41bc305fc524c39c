import { Readable } from 'node:stream';
import { pgcopyToCsv } from '@aries-data/formats/internal';
import {
  type Batch,
  type Destination,
  fieldsOf,
  type JsonRecord,
  type LoadPart,
  type LoadSession,
  type LoadTarget,
  type StagedFormat,
  type StreamLoad,
  withOrigin,
} from '@aries-data/sdk';
import type { Part } from '../dataset/manifest.ts';
import { explainParts, openPartBytes, type PartFolder, readPart, type StagedStream } from '../dataset/part-reader.ts';
import { interrupted, type StepContext } from '../step/step-context.ts';
import { leaveOut } from './leave-out.ts';
import type { Rejections } from './rejections.ts';

/**
 * Larger than batches are elsewhere: a database copies each with a statement of its own. And the same in every attempt, however the
 * bytes come from staging: an API knows a batch by its place.
 */
const BYTES = 256 * 1024;
const LOAD_BATCHES = { batchBytes: BYTES, pieceBytes: BYTES };

/** Writes parts of one stream into its target: untouched where the destination takes their format, else record by record. */
export interface PartLoader {
  load: StreamLoad;
  /** Records that the destination did not take. */
  rejections: Rejections;
  /** By field that is left out: records that had a value in it. */
  leftOut: ReadonlyMap<string, number>;
  /** Hands one part in; `onRecords` is told of each piece that was. */
  write(folder: PartFolder, part: Part, onRecords?: (records: number) => Promise<void>): Promise<void>;
}

/** What `openPartLoader` needs. */
export interface PartLoaderOptions {
  session: LoadSession;
  destination: Destination;
  target: LoadTarget;
  stream: StagedStream;
  /** Fields of the stream that the target does not get. */
  leftOut?: readonly string[];
  rejections: Rejections;
  context: Pick<StepContext, 'signal'>;
}

/** Opens a target of a session for the parts of one stream. */
export async function openPartLoader({
  session,
  destination,
  target,
  stream,
  leftOut = [],
  rejections,
  context,
}: PartLoaderOptions): Promise<PartLoader> {
  const load = await session.open(target, rejections.add);
  const partOf = leftOut.length > 0 ? undefined : wholeParts(load, destination, stream);
  const { from, counts } = leaveOut(leftOut);
  return {
    load,
    rejections,
    leftOut: counts,
    async write(folder, part, onRecords = async () => {}) {
      if (context.signal.aborted) throw interrupted(context.signal);
      try {
        await writePart(folder, part, onRecords);
      } catch (error) {
        await explainParts(folder, [part], error);
      }
    },
  };

  async function writePart(folder: PartFolder, part: Part, onRecords: (records: number) => Promise<void>) {
    if (partOf !== undefined) {
      await load.writePart!(partOf(folder, stream, part));
      return onRecords(part.rows);
    }
    let index = 0;
    for await (const batch of locatedBatches(folder, stream, part)) {
      if (context.signal.aborted) throw interrupted(context.signal);
      await load.writeBatch(leftOut.length === 0 ? batch : from(batch), { part: part.key, index: index++ });
      await onRecords(batch.length);
    }
  }
}

type PartOf = (dataset: PartFolder, stream: StagedStream, part: Part) => LoadPart;

/** How whole parts are handed to the destination; undefined where it takes records only. */
function wholeParts(target: StreamLoad, { formats }: Destination, stream: StagedStream): PartOf | undefined {
  const takes = (format: StagedFormat) => formats.includes(format) && target.takes?.(format) !== false;
  if (target.writePart === undefined || stream.inferred) return undefined;
  if (takes(stream.format)) return loadPart;
  // A target of PostgreSQL with other types: as csv the part holds what no record could, such as NaN.
  return stream.format === 'pgcopy' && formats.includes('pgcopy') && takes('csv') ? csvPart : undefined;
}

function loadPart(dataset: PartFolder, stream: StagedStream, part: Part): LoadPart {
  return {
    format: stream.format,
    rows: part.rows,
    open: () => openPartBytes(dataset, stream, part),
    batches: () => locatedBatches(dataset, stream, part),
  };
}

function csvPart(dataset: PartFolder, stream: StagedStream, part: Part): LoadPart {
  const rewrite = pgcopyToCsv(fieldsOf(stream.schema));
  return {
    ...loadPart(dataset, stream, part),
    format: 'csv',
    open: async () => Readable.from(rewrite(await openPartBytes(dataset, stream, part)), { objectMode: false }),
  };
}

/** The records of a part, in batches that know which record of which part file they hold. */
async function* locatedBatches(folder: PartFolder, stream: StagedStream, part: Part): AsyncGenerator<Batch> {
  let first = 1;
  for await (const batch of readPart(folder, stream, part, LOAD_BATCHES)) {
    const start = first;
    first += batch.length;
    yield withOrigin(batch as JsonRecord[], (index) => `${part.key} record ${start + index}`);
  }
}
