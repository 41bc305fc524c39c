import { Readable } from 'node:stream';
import { AriesError, type Batch } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { Dataset, ManifestStream, Part } from './manifest.ts';
import { openDataset } from './open-dataset.ts';
import { checkPart, readPart } from './part-reader.ts';

// Batches, not records: two of them ahead bound the memory.
const BATCHES_AHEAD = 2;

/**
 * One stream of a dataset as a Node stream of batches, to be piped anywhere. `stream` may be left out where there is only one.
 * Throws `INPUT_NOT_READY`, `STREAM_UNKNOWN`; the stream ends with `DATASET_CORRUPT` where a part is damaged.
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

/** What `readDataset` can be told. */
export interface ReadDatasetOptions {
  stream?: string;
  store?: Store;
  /** Reads each part twice: its checksum is known to be right before the first of its records comes. */
  checkFirst?: boolean;
}

/** All batches of one stream, part after part. `open` holds the parts that are being read: their checksums are not known yet. */
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

/** The stream of this name, or the only one. */
export function pickStream({ manifest, uri }: Dataset, name: string | undefined): ManifestStream {
  const names = Object.keys(manifest.streams);
  const chosen = name ?? (names.length === 1 ? names[0] : undefined);
  const stream = chosen !== undefined && Object.hasOwn(manifest.streams, chosen) ? manifest.streams[chosen] : undefined;
  if (stream !== undefined) return stream;
  throw new AriesError(
    'STREAM_UNKNOWN',
    name === undefined ? `${uri} has ${names.length} streams` : `${uri} has no stream "${name}"`,
    {
      hint: `Name one of: ${names.join(', ')}.`,
    },
  );
}
