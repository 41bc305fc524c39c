import { CSV_DIALECT, isCursorValue } from '@aries-data/formats/internal';
import { AriesError, isAriesError, kindOf } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';
import { stepFolder } from './layout.ts';
import { findNewest, keyOf, readNewest, type Stored, writeNext } from './manifest-generations.ts';
import { count, countsSchema, partSchema, partsFault } from './parts.ts';
import { recordOf } from './record-of.ts';
import { recordSchema } from './record-schema.ts';
import type { DocumentKind } from './sealed.ts';
import { inputSchema } from './stream-input.ts';

/** How far a stream is read. */
export const stateSchema = z.object({
  cursor: z.string(),
  keys: z.array(z.array(z.json())),
  others: z
    .enum(['unknown', 'loaded'])
    .optional()
    .describe('What holds for records at `cursor` that `keys` does not list.'),
});

/** Records whose cursor no state may hold. */
export const beyondSchema = z.object({
  count,
  greatest: z.string().describe('The greatest cursor value among them.'),
  staged: z.boolean().describe('They are in this dataset; else they are left to a later read.'),
});

const ISO = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** A moment as `toISOString` writes it. */
export const instant = z
  .string()
  .refine(
    (text) => ISO.test(text) && !Number.isNaN(Date.parse(text)),
    'expected a time in UTC, such as 2026-01-31T08:30:00.000Z',
  );

const name = z.string().min(1).max(1000);

/** The interval of a run. */
export const intervalSchema = z.object({ start: instant, end: instant });

/** As it is written; `ManifestStream` is its type. */
export const streamSchema = z.object({
  schema: recordSchema,
  inferred: z.boolean().describe('The schema was inferred from the records: readers fit each value to it.'),
  primaryKey: z.array(z.string()),
  cursor: z.string().optional(),
  mode: z.enum(['full', 'incremental', 'interval']),
  disposition: z.enum(['append', 'replace', 'replace-interval', 'merge']).optional(),
  schemaChange: z.enum(['evolve', 'freeze', 'discard']).optional(),
  lag: z
    .string()
    .regex(/^\d{1,15}[smhd]?$/)
    .optional()
    .describe('The span before the state that was read again.'),
  format: z.enum(['csv', 'ndjson', 'pgcopy']),
  dialect: z.literal(CSV_DIALECT).optional(),
  compression: z.enum(['zst', 'gz', 'none']),
  parts: z.array(partSchema),
  rejectedParts: z.array(partSchema),
  firstRejected: z.string().nullable().describe('Where the first rejected record came from, and why it was.'),
  counts: countsSchema,
  undeclared: recordOf(count).describe('How often each field that the schema does not declare was seen.'),
  stateBefore: stateSchema.nullable(),
  stateAfter: stateSchema.nullable(),
  reached: stateSchema
    .optional()
    .describe(
      'The state after a load that appends, where the next read begins at something earlier: it would repeat what lies between.',
    ),
  beyond: beyondSchema
    .optional()
    .describe('Records whose cursor no state may hold: a time after the reading began, `infinity` or `NaN`.'),
  input: inputSchema.optional(),
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
  name,
  runId: name,
  step: name,
  partition: z.string().optional(),
  attempt: z.string(),
  interval: intervalSchema.nullable(),
  readStart: instant,
  finishedAt: instant,
  fingerprint: z
    .record(z.string(), z.json())
    .describe('What the dataset was made from; the same inputs under the same run id are the same dataset.'),
  inputs: z.array(z.string()).describe('Dataset URIs with digests, for datasets made from others.'),
  streams: recordOf(streamSchema),
});

export type { Counts, Part } from './parts.ts';
/** One stream of a dataset. */
export type ManifestStream = z.output<typeof streamSchema>;

/** The part of a stream's manifest entry that is known before reading ends. */
export type StreamHead = Pick<
  ManifestStream,
  | 'schema'
  | 'inferred'
  | 'primaryKey'
  | 'cursor'
  | 'mode'
  | 'disposition'
  | 'schemaChange'
  | 'lag'
  | 'format'
  | 'dialect'
  | 'compression'
  | 'stateBefore'
>;
/** What one step wrote. Written last, only if absent. */
export type Manifest = z.output<typeof manifestSchema>;

const MANIFEST: DocumentKind<Manifest> = {
  name: 'manifest',
  schema: manifestSchema,
  hint: 'Run the step again with --force; its dataset then takes the place of this one.',
  faultOf({ streams }) {
    if (Object.keys(streams).length === 0) return 'it has no streams';
    for (const [stream, one] of Object.entries(streams)) {
      const fault = partsFault(stream, one) ?? keysFault(one) ?? stateFault(one);
      if (fault !== undefined) return `the stream ${JSON.stringify(stream)}: ${fault}`;
    }
    return undefined;
  },
};

/** What names records, and what orders them, has to be a field of theirs; but nothing is known of records where there were none. */
function keysFault({ schema, primaryKey, cursor }: ManifestStream): string | undefined {
  if (Object.keys(schema.properties).length === 0) return undefined;
  const unknown = [...primaryKey, ...(cursor === undefined ? [] : [cursor])].find(
    (field) => !Object.hasOwn(schema.properties, field),
  );
  return unknown === undefined ? undefined : `its key or cursor ${JSON.stringify(unknown)} is no field of it`;
}

/** A transform may have made another type of the cursor than the source's state has; but integers are compared as such. */
function stateFault({ schema, cursor, stateBefore, stateAfter, reached }: ManifestStream): string | undefined {
  const field = cursor === undefined ? undefined : schema.properties[cursor];
  if (field === undefined || !['integer', 'int64'].includes(kindOf(field))) return undefined;
  const wrong = [stateBefore, stateAfter, reached].some(
    (state) => state != null && !isCursorValue(state.cursor, field),
  );
  return wrong ? `its state is no value of its cursor ${JSON.stringify(cursor)}` : undefined;
}

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

/** What a dataset that is made anew takes the place of. */
export type Replaced = Pick<Dataset, 'generation' | 'digest'>;

/** Commits a step by writing its manifest, in the place of the one it was made anew from; `null` where another attempt was first. */
export async function writeManifest(
  store: Store,
  folder: string,
  manifest: Manifest,
  replaced: Replaced | null,
): Promise<Dataset | null> {
  const written = await writeNext({ store, folder }, MANIFEST, manifest, replaced);
  return written === null ? null : datasetOf(store, folder, written);
}

/** The dataset in a step's folder, or `null` where no manifest is there (yet). Throws `DATASET_CORRUPT` for one that is none. */
export async function findDataset(store: Store, folder: string): Promise<Dataset | null> {
  const found = await readNewest({ store, folder }, MANIFEST);
  if (found === null) return null;
  const { value, key } = found;
  // By its name and run a load keeps state and rejected records: a manifest must not speak for another pipeline.
  if (stepFolder(value) !== folder) {
    throw new AriesError(
      'DATASET_CORRUPT',
      `${store.uriOf(key)} is the manifest of another dataset: ${stepFolder(value)}`,
      {
        hint: 'A dataset that is copied keeps the last three folders of its path: name, run and step.',
      },
    );
  }
  return datasetOf(store, folder, found);
}

/**
 * The dataset in a step's folder, and what one that is made anew takes the place of. With `force` a manifest that is broken is only the
 * latter: making the dataset anew is the way out.
 */
export async function findFinished(
  store: Store,
  folder: string,
  force: boolean | undefined,
): Promise<{ finished: Dataset | null; replaced: Replaced | null }> {
  try {
    const finished = await findDataset(store, folder);
    return { finished, replaced: finished };
  } catch (error) {
    if (force !== true || !isAriesError(error) || error.code !== 'DATASET_CORRUPT') throw error;
    return { finished: null, replaced: await findNewest({ store, folder }, MANIFEST) };
  }
}

/** The key of a dataset's first manifest. */
export function manifestKey(folder: string): string {
  return keyOf(folder, MANIFEST, 1);
}

function datasetOf(store: Store, folder: string, { value, generation, digest, key }: Stored<Manifest>): Dataset {
  return { store, folder, generation, manifest: value, digest, uri: `${store.uriOf(key)}#${digest}` };
}
