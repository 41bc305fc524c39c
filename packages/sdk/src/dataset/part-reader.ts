import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { AriesError } from '../errors.ts';
import type { BatchLimits } from '../formats/blocks.ts';
import { decoderOf } from '../formats/codec.ts';
import { decompress } from '../formats/compression.ts';
import type { Batch } from '../records.ts';
import { fieldsOf } from '../schema.ts';
import type { Dataset, ManifestStream, Part } from './manifest.ts';

/** Where parts lie; the dataset need not be finished. */
export type PartFolder = Pick<Dataset, 'store' | 'folder'>;

/** What it takes to read the parts of a stream. */
export type StagedStream = Pick<ManifestStream, 'schema' | 'inferred' | 'format' | 'compression'>;

/** The uncompressed bytes of a part. Ends with `DATASET_CORRUPT` where length or checksum differ from the manifest's. */
export async function openPartBytes(
  { store, folder }: PartFolder,
  stream: Pick<StagedStream, 'compression'>,
  part: Part,
): Promise<Readable> {
  const stored = await store.open(`${folder}/${part.key}`);
  const verified = Readable.from(verify(stored, part), { objectMode: false });
  return decompress(verified, stream.compression);
}

/** The records of a part, in batches; values are fitted to the schema where it was inferred. */
export async function* readPart(
  dataset: PartFolder,
  stream: StagedStream,
  part: Part,
  limits: BatchLimits = {},
): AsyncGenerator<Batch> {
  const decode = decoderOf(stream.format, fieldsOf(stream.schema), { coerce: stream.inferred, ...limits });
  let rows = 0;
  for await (const batch of decode(await openPartBytes(dataset, stream, part))) {
    rows += batch.length;
    yield batch;
  }
  if (rows !== part.rows)
    throw new AriesError('COUNTS_DIFFER', `${part.key} has ${rows} records, its manifest says ${part.rows}`);
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
    yield chunk;
  }
  if (bytes !== part.bytes || hash.digest('hex') !== part.sha256) {
    throw new AriesError(
      'DATASET_CORRUPT',
      `${part.key} is not what its manifest says: ${bytes} bytes read, ${part.bytes} expected${bytes === part.bytes ? ', another checksum' : ''}`,
      {
        hint: 'Extract the dataset again with --force.',
      },
    );
  }
}
