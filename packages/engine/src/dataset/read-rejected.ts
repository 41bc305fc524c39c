import { decompress } from '@aries-data/formats';
import { decoderOf } from '@aries-data/formats/internal';
import { stepFolder } from './layout.ts';
import type { Part } from './manifest.ts';
import { openDataset } from './open-dataset.ts';
import { readRejected } from './part-reader.ts';

/** A stored rejected record. */
export interface KeptRejection {
  stream: string;
  /** Where the record came from. */
  origin: string;
  reason: string;
  record: unknown;
}

/**
 * Reads the rejected records of a dataset, and those of a load of its run.
 *
 * @example
 * for await (const { stream, origin, reason } of rejectedRecords('file:///data/staging/shop/monday/extract'))
 *   console.log(stream, origin, reason);
 */
export async function* rejectedRecords(uri: string, stream?: string): AsyncGenerator<KeptRejection> {
  const dataset = await openDataset(uri);
  const { store, manifest } = dataset;
  try {
    for (const [name, one] of Object.entries(manifest.streams)) {
      if (stream !== undefined && name !== stream) continue;
      for (const part of one.rejectedParts as Part[]) {
        for await (const batch of readRejected(dataset, one, part)) yield* batch as unknown as KeptRejection[];
      }
    }
    // A load writes no manifest, because its commit is in the destination.
    for await (const { key } of store.list(
      `${stepFolder({ name: manifest.name, runId: manifest.runId, step: 'load' })}/`,
    )) {
      if (!/-rejected-\d+\.ndjson\.zst$/.test(key)) continue;
      const decode = decoderOf('ndjson', [], { coerce: false });
      for await (const batch of decode(decompress(await store.open(key), 'zst'))) {
        for (const kept of batch as unknown as KeptRejection[])
          if (stream === undefined || kept.stream === stream) yield kept;
      }
    }
  } finally {
    await store.close();
  }
}
