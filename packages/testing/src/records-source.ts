import { type Connector, defineSource, inferred, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { z } from 'zod';

/** Given records and what describes them. */
export interface GivenRecords {
  records: readonly JsonRecord[];
  /** Default: inferred from the records. */
  schema?: RecordSchema | undefined;
  primaryKey?: readonly string[] | undefined;
  cursor?: string | undefined;
}

/** Makes a connector with one stream, `records`, that holds the given records. */
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
