import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type BatchLimits, decoderOf, decompressPart, evenChunks } from '@aries-data/formats/internal';
import { AriesError, type Batch, fieldsOf, toAriesError } from '@aries-data/sdk';
import type { Dataset, ManifestStream, Part } from './manifest.ts';

/** Where parts lie; the dataset need not be finished. */
export type PartFolder = Pick<Dataset, 'store' | 'folder'>;

/** What it takes to read the parts of a stream. */
export type StagedStream = Pick<ManifestStream, 'schema' | 'inferred' | 'format' | 'compression'>;

/** The uncompressed bytes of a part. Ends with `DATASET_CORRUPT` where a length or the checksum differs from the manifest's. */
export async function openPartBytes(
  { store, folder }: PartFolder,
  stream: Pick<StagedStream, 'compression'>,
  part: Part,
): Promise<Readable> {
  const stored = await store.open(`${folder}/${part.key}`);
  const verified = Readable.from(verify(stored, part), { objectMode: false });
  return decompressPart(verified, stream.compression, part.rawBytes);
}

/** Reads a part to its end for its checksum alone. Throws `DATASET_CORRUPT` where it is not what the manifest says. */
export async function checkPart({ store, folder }: PartFolder, part: Part): Promise<void> {
  for await (const _ of verify(await store.open(`${folder}/${part.key}`), part));
}

/**
 * Throws what went wrong while parts were read, unless one of them is not what the manifest says: then that is what is wrong, and
 * nothing of its contents, which may be anybody's, gets into a message.
 */
export async function explainParts(folder: PartFolder, parts: Iterable<Part>, error: unknown): Promise<never> {
  const { kind } = toAriesError(error);
  if (kind === 'data' || kind === 'bug') for (const part of parts) await checkPart(folder, part);
  throw error;
}

/** How a part is cut into batches. */
export interface ReadPartLimits extends BatchLimits {
  /** Cut in pieces of exactly so many bytes first, so that the batches are the same each time the part is read. */
  pieceBytes?: number | undefined;
}

/** The records of a part, in batches; values are fitted to the schema where it was inferred. */
export async function* readPart(
  dataset: PartFolder,
  stream: StagedStream,
  part: Part,
  { pieceBytes, ...limits }: ReadPartLimits = {},
): AsyncGenerator<Batch> {
  const decode = decoderOf(stream.format, fieldsOf(stream.schema), { coerce: stream.inferred, ...limits });
  let rows = 0;
  const bytes = await openPartBytes(dataset, stream, part);
  for await (const batch of decode(pieceBytes === undefined ? bytes : evenChunks(bytes, pieceBytes))) {
    rows += batch.length;
    if (rows > part.rows) throw otherRows(part, `more than the ${part.rows} records`);
    yield batch;
  }
  if (rows < part.rows) throw otherRows(part, `${rows} records, not the ${part.rows}`);
}

function otherRows({ key }: Part, what: string): AriesError {
  return new AriesError('DATASET_CORRUPT', `${key} has ${what} that its manifest says`, {
    hint: 'Extract the dataset again with --force.',
  });
}

/** Rejected records of a part, as they were set aside. */
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
      `${part.key} is not what its manifest says: ${bytes > part.bytes ? 'it is longer' : bytes < part.bytes ? 'it is shorter' : 'its checksum is another'}`,
      {
        hint: 'Extract the dataset again with --force.',
      },
    );
  }
}
