import { Readable } from 'node:stream';
import { pgcopyToCsv } from '@aries-data/formats/internal';
import {
  AriesError,
  type Batch,
  type Destination,
  type JsonRecord,
  type LoadPart,
  type LoadSession,
  type LoadTarget,
  type StagedFormat,
  type StreamLoad,
  schemaOfFields,
  withOrigin,
} from '@aries-data/sdk';
import type { Part } from '../dataset/manifest.ts';
import {
  openPartBytes,
  type PartFolder,
  readPart,
  rethrowAfterCheck,
  type StagedStream,
} from '../dataset/part-reader.ts';
import { KEYS_FORMAT, keyFieldsOf, stagedFieldsOf } from '../dataset/staged-fields.ts';
import { interrupted, type StepContext } from '../step/step-context.ts';
import { leaveOut } from './leave-out.ts';
import type { Rejections } from './rejections.ts';

/**
 * Bytes of a batch. Larger than elsewhere, because a database copies each batch with one statement; and the same in every attempt,
 * however the bytes arrive from staging, because an API recognizes a batch by its place.
 */
const BYTES = 256 * 1024;
const LOAD_BATCHES = { batchBytes: BYTES, pieceBytes: BYTES };

/** Loader of one stream's parts. It writes them untouched if the destination takes their format, otherwise record by record. */
export interface PartLoader {
  load: StreamLoad;
  /** Records that the destination rejected. */
  rejections: Rejections;
  /** Number of records that had a value, by field that is left out. */
  leftOut: ReadonlyMap<string, number>;
  /** Writes one part of the keys that are compared. */
  writeKeys(folder: PartFolder, part: Part): Promise<void>;
  /** Writes one part. Calls `onRecords` with the number of records after each batch, or after a whole part. */
  write(folder: PartFolder, part: Part, onRecords?: (records: number) => Promise<void>): Promise<void>;
}

/** Options of `openPartLoader`. */
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
  const keys = target.compare === 'keys' ? keysOf(load, stream, destination.formats) : undefined;
  return {
    load,
    rejections,
    leftOut: counts,
    writeKeys: (folder, part) => written(folder, part, () => keys!(folder, part)),
    write: (folder, part, onRecords = async () => {}) =>
      written(folder, part, () => writePart(folder, part, onRecords)),
  };

  async function written(folder: PartFolder, part: Part, write: () => Promise<void>): Promise<void> {
    if (context.signal.aborted) throw interrupted(context.signal);
    try {
      await write();
    } catch (error) {
      await rethrowAfterCheck(folder, [part], error);
    }
  }

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

/** Returns a function that writes a part of a stream's keys. */
function keysOf(
  { keys }: StreamLoad,
  { schema, primaryKey, inferred, compression }: StagedStream,
  formats: readonly StagedFormat[],
): (folder: PartFolder, part: Part) => Promise<void> {
  if (keys === undefined) {
    throw new AriesError('CONNECTOR_INVALID', 'The destination cannot compare keys: its StreamLoad has no "keys"', {
      hint: 'Leave out deletes: compare.',
    });
  }
  const fields = keyFieldsOf({ schema, primaryKey });
  const stream: StagedStream = {
    schema: schemaOfFields(fields),
    primaryKey,
    inferred,
    format: KEYS_FORMAT,
    compression,
  };
  const isWhole = keys.writePart !== undefined && formats.includes(KEYS_FORMAT) && keys.takes?.(KEYS_FORMAT) !== false;
  return async (folder, part) => {
    if (isWhole && !inferred) return keys.writePart!(loadPart(folder, stream, part));
    let index = 0;
    for await (const batch of locatedBatches(folder, stream, part)) {
      await keys.writeBatch(batch, { part: part.key, index: index++ });
    }
  };
}

type PartOf = (dataset: PartFolder, stream: StagedStream, part: Part) => LoadPart;

/** Returns a function that makes whole parts for the destination; undefined if it must get records. */
function wholeParts(target: StreamLoad, { formats }: Destination, stream: StagedStream): PartOf | undefined {
  const takes = (format: StagedFormat) => formats.includes(format) && target.takes?.(format) !== false;
  if (target.writePart === undefined || stream.inferred) return undefined;
  if (takes(stream.format)) return loadPart;
  // A PostgreSQL target with other types: csv can hold values that records cannot, such as NaN.
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
  const rewrite = pgcopyToCsv(stagedFieldsOf(stream));
  return {
    ...loadPart(dataset, stream, part),
    format: 'csv',
    open: async () => Readable.from(rewrite(await openPartBytes(dataset, stream, part)), { objectMode: false }),
  };
}

/** Reads the records of a part, in batches whose origins name the part file and the record number. */
async function* locatedBatches(folder: PartFolder, stream: StagedStream, part: Part): AsyncGenerator<Batch> {
  let first = 1;
  for await (const batch of readPart(folder, stream, part, LOAD_BATCHES)) {
    const start = first;
    first += batch.length;
    yield withOrigin(batch as JsonRecord[], (index) => `${part.key} record ${start + index}`);
  }
}
