import type { z } from 'zod';
import { manifestSchema, streamSchema } from '../../packages/engine/src/dataset/manifest.ts';
import { streamOptionsSchema } from '../../packages/engine/src/pipeline/pipeline-file.ts';
import { restApi } from '../../packages/rest/src/rest-api.ts';
import { optionsTable } from '../../packages/testing/src/options-table.ts';

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
