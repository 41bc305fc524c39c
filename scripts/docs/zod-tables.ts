import type { z } from 'zod';
import { manifestSchema, streamSchema } from '../../packages/engine/src/dataset/manifest.ts';
import { streamOptionsSchema } from '../../packages/engine/src/pipeline/pipeline-file.ts';
import { restApi } from '../../packages/rest/src/rest-api.ts';
import { optionsTable } from '../../packages/testing/src/options-table.ts';

/** Exports shown as tables of their zod schema, because their TypeScript types are unreadable. */
const SCHEMAS: Record<string, z.ZodType> = {
  Manifest: manifestSchema,
  ManifestStream: streamSchema,
  restApi,
  streamOptionsSchema,
};

/** Makes a table of such an export's fields; undefined for other exports. */
export function zodTable(name: string): string | undefined {
  const schema = SCHEMAS[name];
  return schema === undefined ? undefined : optionsTable(schema);
}
