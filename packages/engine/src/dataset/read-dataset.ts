import { Readable } from 'node:stream';
import { AriesError, type Batch, nearest } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { Dataset, ManifestStream, Part } from './manifest.ts';
import { openDataset } from './open-dataset.ts';
import { checkPart, readPart } from './part-reader.ts';

// Batches, not records. Two of them in advance limit the memory.
const BATCHES_AHEAD = 2;

/**
 * Reads a stream of a dataset as a Node stream of batches. `stream` is optional if there is only one.
 * Throws `INPUT_NOT_READY` or `STREAM_UNKNOWN`. The stream fails with `DATASET_CORRUPT` if a part is damaged.
 *
 * @example
 * const batches = await readDataset('file:///data/staging/cities/monday/extract', { stream: 'cities' });
 * for await (const batch of batches) console.log(batch.length);
 */
export async function readDataset(uri: string, options: ReadDatasetOptions = {}): Promise<Readable> {
  const dataset = await openDataset(uri, options.store);
  const stream = pickStream(dataset, options.stream);
  const batches = options.checkFirst === true ? checkedStream(dataset, stream) : readStream(dataset, stream);
  return Readable.from(batches, { objectMode: true, highWaterMark: BATCHES_AHEAD });
}

/** Options of `readDataset`. */
export interface ReadDatasetOptions {
  stream?: string;
  store?: Store;
  /** Read each part twice, to verify its checksum before yielding its records. */
  checkFirst?: boolean;
}

/** Reads all batches of a stream, part by part. `open` holds the parts being read, whose checksums are not verified yet. */
export async function* readStream(
  dataset: Dataset,
  stream: ManifestStream,
  open = new Set<Part>(),
): AsyncGenerator<Batch> {
  for (const part of stream.parts) {
    open.add(part);
    yield* readPart(dataset, stream, part);
    open.delete(part);
  }
}

async function* checkedStream(dataset: Dataset, stream: ManifestStream): AsyncGenerator<Batch> {
  for (const part of stream.parts) {
    await checkPart(dataset, part);
    yield* readPart(dataset, stream, part);
  }
}

/** Returns the stream of this name, or the only one. Throws `STREAM_UNKNOWN` otherwise. */
export function pickStream({ manifest, uri }: Dataset, name: string | undefined): ManifestStream {
  const names = Object.keys(manifest.streams);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const stream = chosen !== undefined && Object.hasOwn(manifest.streams, chosen) ? manifest.streams[chosen] : undefined;
  if (stream !== undefined) return stream;
  const near = name === undefined ? [] : nearest(name, names);
  throw new AriesError(
    'STREAM_UNKNOWN',
    name === undefined ? `${uri} has ${names.length} streams` : `${uri} has no stream "${name}"`,
    {
      hint: near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Name one of: ${names.join(', ')}.`,
    },
  );
}
