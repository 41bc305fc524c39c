import type { Connector } from '@aries-data/sdk';
import { defineSource, inferred, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { z } from 'zod';

/** Records that a test has at hand. */
export interface GivenRecords {
  records: readonly JsonRecord[];
  /** Inferred from the records where it is left out. */
  schema?: RecordSchema | undefined;
  primaryKey?: readonly string[] | undefined;
  cursor?: string | undefined;
}

/** A connector whose one stream, `records`, has these. */
export function recordsConnector({ records, schema, primaryKey = [], cursor }: GivenRecords): Connector {
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      records: stream({
        schema: schema ?? inferred,
        primaryKey,
        ...(cursor === undefined ? {} : { cursor }),
        async *read() {
          yield records;
        },
      }),
    }),
  });
  return { name: 'records', version: '0.0.0', source };
}
