import { extract, openDataset, transform as runStep } from '@aries-data/engine';
import { readRejected, readStream } from '@aries-data/engine/internal';
import type { Json, JsonRecord, RecordSchema, Transform } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/stores';
import { recordsConnector } from './records-source.ts';

/** Options of `runTransform`. */
export interface RunTransformOptions {
  /** The config, as a user writes it. */
  config?: unknown;
  records: JsonRecord[];
  /** The records' schema. Default: inferred. */
  schema?: RecordSchema;
  primaryKey?: string[];
  cursor?: string;
}

/** The output records, and counts of the others. */
export interface RunTransformResult<R> {
  records: R[];
  rejected: { origin: string; reason: string; record: Json }[];
  schema: RecordSchema;
  /** Records left out on purpose. */
  dropped: number;
}

/**
 * Runs a transform over records as `aries transform` would, staged in memory, and reconciles the counts. For tests.
 * Throws the errors of the step; rejected records are returned, not thrown.
 *
 * @example
 * const transform = defineTransform({ map: (city) => (city.population > 0 ? city : null) });
 * const { records, dropped } = await runTransform(transform, { records: [{ city: 'Bonn', population: 0 }] });
 * expect({ records, dropped }).toEqual({ records: [], dropped: 1 });
 */
export async function runTransform<R>(
  transform: Transform<R>,
  options: RunTransformOptions,
): Promise<RunTransformResult<R>> {
  const store = memoryStaging();
  const { config = {} } = options;
  const all = { maxRejected: { share: 1 } };
  const input = await extract({
    source: { connector: recordsConnector(options), config: {} },
    staging: store,
    ...all,
  });
  const connector = { name: 'transform', version: '0.0.0', transform: transform as Transform };
  const result = await runStep({ transform: { connector, config }, input: [input.dataset], staging: store, ...all });
  const dataset = await openDataset(result.dataset, store);
  const stream = dataset.manifest.streams.records!;
  const out: JsonRecord[] = [];
  for await (const batch of readStream(dataset, stream)) out.push(...batch);
  const rejected: JsonRecord[] = [];
  for (const part of stream.rejectedParts)
    for await (const batch of readRejected(dataset, stream, part)) rejected.push(...batch);
  return { records: out as never, rejected: rejected as never, schema: stream.schema, dropped: stream.counts.dropped };
}
