import { z } from 'zod';
import { CSV_DIALECT } from '../formats/csv.ts';
import type { RecordSchema } from '../schema.ts';
import type { Store } from '../stores/store.ts';
import { readNewest, type Stored, writeNext } from './generations.ts';

const count = z.int().min(0);

const partSchema = z.object({
  key: z.string().describe("Relative to the step's folder."),
  rows: count,
  bytes: count.describe('As stored.'),
  rawBytes: count.describe('Uncompressed.'),
  sha256: z.string().describe('Of the stored bytes, hexadecimal.'),
});

/** How far a stream is read. */
export const stateSchema = z.object({ cursor: z.string(), keys: z.array(z.array(z.json())) });

const countsSchema = z.object({
  read: count.describe('Records that came in.'),
  staged: count,
  rejected: count,
  outside: count.describe('Outside the window, or loaded before.'),
  dropped: count.describe('Left out by transforms.'),
  expanded: count.describe('Added by transforms.'),
});

export const intervalSchema = z.object({ start: z.string(), end: z.string() });

/** As it is written; `ManifestStream` is its type. */
export const streamSchema = z.object({
  schema: z.custom<RecordSchema>((value) => typeof value === 'object' && value !== null),
  inferred: z.boolean().describe('The schema was inferred from the records: readers fit each value to it.'),
  primaryKey: z.array(z.string()),
  cursor: z.string().optional(),
  mode: z.enum(['full', 'incremental', 'interval']),
  disposition: z.enum(['append', 'replace', 'replace-interval', 'merge']).optional(),
  lag: z.string().optional().describe('The span before the state that was read again.'),
  format: z.enum(['csv', 'ndjson', 'pgcopy']),
  dialect: z.literal(CSV_DIALECT).optional(),
  compression: z.enum(['zst', 'gz', 'none']),
  parts: z.array(partSchema),
  rejectedParts: z.array(partSchema),
  firstRejected: z.string().nullable().describe('Where the first rejected record came from, and why it was.'),
  counts: countsSchema,
  undeclared: z.record(z.string(), count).describe('How often each field that the schema does not declare was seen.'),
  stateBefore: stateSchema.nullable(),
  stateAfter: stateSchema.nullable(),
  reached: stateSchema
    .optional()
    .describe(
      'The state after a load that appends, where the next read begins at something earlier: it would repeat what lies between.',
    ),
  consistency: z
    .enum(['snapshot', 'per-range', 'none'])
    .describe(
      '`snapshot`: one moment of the source; `per-range`: each partition has its own; `none`: as the source gave it.',
    ),
});

/** As it is written; `Manifest` is its type. */
export const manifestSchema = z.object({
  manifestVersion: z.literal(1),
  connector: z.object({ name: z.string(), version: z.string() }),
  name: z.string(),
  runId: z.string(),
  step: z.string(),
  partition: z.string().optional(),
  attempt: z.string(),
  interval: intervalSchema.nullable(),
  readStart: z.string(),
  finishedAt: z.string(),
  fingerprint: z
    .record(z.string(), z.json())
    .describe('What the dataset was made from; the same inputs under the same run id are the same dataset.'),
  inputs: z.array(z.string()).describe('Dataset URIs with digests, for datasets made from others.'),
  streams: z.record(z.string(), streamSchema),
});

/** One part file of a dataset. */
export type Part = z.output<typeof partSchema>;
/** How many records went where; `read = staged + rejected + outside + dropped − expanded`. */
export type Counts = z.output<typeof countsSchema>;
/** One stream of a dataset. */
export type ManifestStream = z.output<typeof streamSchema>;
/** What one step wrote. Written last, only if absent. */
export type Manifest = z.output<typeof manifestSchema>;

/** A manifest with what names it. */
export interface Dataset {
  store: Store;
  /** The step's folder in the store. */
  folder: string;
  /** 1, and one more each time it was made anew. */
  generation: number;
  manifest: Manifest;
  /** `sha256-<hex>` of the manifest's bytes. */
  digest: string;
  /** URI of the manifest with `#sha256-…`. */
  uri: string;
  /** What it is put together from, where it was extracted partition by partition; then `folder` is the run's. */
  partitions?: readonly Dataset[];
}

/** Commits a step by writing its manifest, in the place of the one it was made anew from; `null` where another attempt was first. */
export async function writeManifest(
  store: Store,
  folder: string,
  manifest: Manifest,
  replaced: Dataset | null,
): Promise<Dataset | null> {
  const written = await writeNext({ store, folder, name: 'manifest' }, manifest, replaced);
  return written === null ? null : datasetOf(store, folder, written);
}

/** The dataset in a step's folder, or `null` where no manifest is there (yet). Throws `DATASET_CORRUPT` for one that is none. */
export async function findDataset(store: Store, folder: string): Promise<Dataset | null> {
  const found = await readNewest<Manifest>({ store, folder, name: 'manifest' }, manifestSchema);
  return found === null ? null : datasetOf(store, folder, found);
}

function datasetOf(store: Store, folder: string, { value, generation, digest, key }: Stored<Manifest>): Dataset {
  return { store, folder, generation, manifest: value, digest, uri: `${store.uriOf(key)}#${digest}` };
}
