import { extract, openDataset } from '@aries-data/engine';
import { readRejected, readStream } from '@aries-data/engine/internal';
import type { Interval, Json, JsonRecord, RecordsOf, Source, Stream } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/stores';
import type { z } from 'zod';

/** Options of `readAll`. */
export interface ReadAllOptions<Name> {
  /** The config, as a user writes it. */
  config: unknown;
  stream: Name;
  interval?: Interval;
  limit?: number;
  signal?: AbortSignal;
}

/** The staged records and the rejected ones. */
export interface ReadAllResult<R> {
  records: R[];
  rejected: { origin: string; reason: string; record: Json }[];
}

/**
 * Reads one stream of a source as `aries extract` would, staged in memory. For tests.
 * Throws the errors of extract; rejected records are returned, not thrown.
 *
 * @example
 * const { records } = await readAll(source, { config: { repo: 'nodejs/node' }, stream: 'issues' });
 * expect(records[0]?.title).toBe('…');
 */
export async function readAll<Streams extends Record<string, Stream<unknown>>, Name extends keyof Streams & string>(
  source: Source<z.ZodType, Streams>,
  { config, stream, ...options }: ReadAllOptions<Name>,
): Promise<ReadAllResult<RecordsOf<Source<z.ZodType, Streams>, Name>>> {
  const store = memoryStaging();
  const connector = { name: 'source', version: '0.0.0', source };
  const result = await extract({
    source: { connector, config },
    staging: store,
    streams: [stream],
    maxRejected: { share: 1 },
    ...options,
  });
  const dataset = await openDataset(result.dataset, store);
  const staged = dataset.manifest.streams[stream]!;
  const records: JsonRecord[] = [];
  for await (const batch of readStream(dataset, staged)) records.push(...batch);
  const rejected: JsonRecord[] = [];
  for (const part of staged.rejectedParts)
    for await (const batch of readRejected(dataset, staged, part)) rejected.push(...batch);
  return { records: records as never, rejected: rejected as never };
}
