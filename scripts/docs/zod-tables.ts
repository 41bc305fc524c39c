import type { z } from 'zod';
import { manifestSchema, streamSchema } from '../../packages/sdk/src/dataset/manifest.ts';
import { restApi } from '../../packages/sdk/src/rest/rest-api.ts';
import { streamOptionsSchema } from '../../packages/sdk/src/steps/pipeline-file.ts';
import { optionsTable } from '../../packages/sdk/src/testing/options-table.ts';

/** Exports that only a zod schema explains: as TypeScript writes their types, nobody can read them. */
const SCHEMAS: Record<string, z.ZodType> = {
  Manifest: manifestSchema,
  ManifestStream: streamSchema,
  restApi,
  streamOptionsSchema,
};

/** The fields behind such an export, as a table. */
export function zodTable(name: string): string | undefined {
  const schema = SCHEMAS[name];
  return schema === undefined ? undefined : optionsTable(schema);
}
