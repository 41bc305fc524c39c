import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type BatchLimits, decoderOf, decompressPart, evenChunks } from '@aries-data/formats/internal';
import { AriesError, type Batch, toAriesError } from '@aries-data/sdk';
import type { Dataset, ManifestStream, Part } from './manifest.ts';
import { type StagedShape, stagedFieldsOf } from './staged-fields.ts';

/** Folder of parts. The dataset need not be finished. */
export type PartFolder = Pick<Dataset, 'store' | 'folder'>;

/** Members of a stream's manifest entry that are needed to read its parts. */
export type StagedStream = StagedShape & Pick<ManifestStream, 'inferred' | 'format' | 'compression'>;

/** Opens the uncompressed bytes of a part. Fails with `DATASET_CORRUPT` if a length or the checksum differs from the manifest. */
export async function openPartBytes(
  { store, folder }: PartFolder,
  stream: Pick<StagedStream, 'compression'>,
  part: Part,
): Promise<Readable> {
  const stored = await store.open(`${folder}/${part.key}`);
  const verified = Readable.from(verify(stored, part), { objectMode: false });
  return decompressPart(verified, stream.compression, part.rawBytes);
}

/** Reads a part only to verify its checksum. Throws `DATASET_CORRUPT` if it differs from the manifest. */
export async function checkPart({ store, folder }: PartFolder, part: Part): Promise<void> {
  for await (const _ of verify(await store.open(`${folder}/${part.key}`), part));
}

/**
 * Throws an error that happened while reading parts, unless a part differs from its manifest: then that is the error, and no contents
 * of a part that may be hostile get into the message.
 */
export async function rethrowAfterCheck(folder: PartFolder, parts: Iterable<Part>, error: unknown): Promise<never> {
  const { kind } = toAriesError(error);
  if (kind === 'data' || kind === 'bug') for (const part of parts) await checkPart(folder, part);
  throw error;
}

/** How to cut a part into batches. */
export interface ReadPartLimits extends BatchLimits {
  /** Cut the bytes into chunks of exactly this size first, so that batches are the same each time. */
  pieceBytes?: number | undefined;
}

/** Reads the records of a part in batches. Converts values to the schema if it was inferred. */
export async function* readPart(
  dataset: PartFolder,
  stream: StagedStream,
  part: Part,
  { pieceBytes, ...limits }: ReadPartLimits = {},
): AsyncGenerator<Batch> {
  const decode = decoderOf(stream.format, stagedFieldsOf(stream), { coerce: stream.inferred, ...limits });
  let rows = 0;
  const bytes = await openPartBytes(dataset, stream, part);
  for await (const batch of decode(pieceBytes === undefined ? bytes : evenChunks(bytes, pieceBytes))) {
    rows += batch.length;
    if (rows > part.rows) throw otherRows(part, `more than the ${part.rows} records in its manifest`);
    yield batch;
  }
  if (rows < part.rows) throw otherRows(part, `${rows} records, not the ${part.rows} in its manifest`);
}

function otherRows({ key }: Part, what: string): AriesError {
  return new AriesError('DATASET_CORRUPT', `${key} has ${what}`, {
    hint: 'Extract the dataset again with --force.',
  });
}

/** Reads the rejected records of a part. */
export async function* readRejected(dataset: Dataset, stream: ManifestStream, part: Part): AsyncGenerator<Batch> {
  const decode = decoderOf('ndjson', [], { coerce: false });
  yield* decode(await openPartBytes(dataset, stream, part));
}

async function* verify(body: Readable, part: Part): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.byteLength;
    if (bytes > part.bytes) break;
    yield chunk;
  }
  if (bytes !== part.bytes || hash.digest('hex') !== part.sha256) {
    throw new AriesError(
      'DATASET_CORRUPT',
      `${part.key} differs from its manifest: ${bytes > part.bytes ? 'it is longer' : bytes < part.bytes ? 'it is shorter' : 'its checksum differs'}`,
      {
        hint: 'Extract the dataset again with --force.',
      },
    );
  }
}
