import { CSV_DIALECT, isCursorValue } from '@aries-data/formats/internal';
import { AriesError, isAriesError, kindOf } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';
import { stepFolder } from './layout.ts';
import { findNewest, keyOf, readNewest, type Stored, writeNext } from './manifest-generations.ts';
import { count, countsSchema, partKeysFault, partSchema, partsFault } from './parts.ts';
import { recordOf } from './record-of.ts';
import { recordSchema } from './record-schema.ts';
import type { DocumentKind } from './sealed.ts';
import { inputSchema } from './stream-input.ts';

/** Schema of `CursorState`. */
export const cursorStateSchema = z.object({
  cursor: z.string(),
  keys: z.array(z.array(z.json())),
  others: z
    .enum(['unknown', 'loaded'])
    .optional()
    .describe('Records at `cursor` that `keys` does not list: `unknown` if some may be loaded, `loaded` if all are.'),
});

/** Schema of `StreamState`. */
export const stateSchema = z.union([
  cursorStateSchema,
  z.object({ position: z.json().describe('Position of the last checkpoint, for a stream with `state: position`.') }),
]);

/** Records whose cursor must not become state. */
export const beyondSchema = z.object({
  count,
  greatest: z.string().describe('Greatest cursor value among them.'),
  staged: z.boolean().describe('True if they are in this dataset, false if they are left for a later read.'),
});

const ISO = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** A time as written by `toISOString`. */
export const instant = z
  .string()
  .refine(
    (text) => ISO.test(text) && !Number.isNaN(Date.parse(text)),
    'expected a time in UTC, such as 2026-01-31T08:30:00.000Z',
  );

const name = z.string().min(1).max(1000);

/** Interval of a run. */
export const intervalSchema = z.object({ start: instant, end: instant });

const stagedFormatSchema = z.enum(['csv', 'ndjson', 'pgcopy']);
/** Schema of `Disposition`. */
export const dispositionSchema = z.enum(['append', 'replace', 'replace-interval', 'merge', 'history']);

/** Schema of `ManifestStream`. */
export const streamSchema = z.object({
  schema: recordSchema,
  inferred: z.boolean().describe('True if the schema was inferred from the records: readers convert each value to it.'),
  primaryKey: z.array(z.string()),
  cursor: z.string().optional(),
  mode: z.enum(['full', 'incremental', 'interval']),
  disposition: dispositionSchema.optional(),
  changes: z
    .boolean()
    .optional()
    .describe(
      'True if each row is a change, which has the fields `_aries_op`, `_aries_unsent`, `_aries_at` and `_aries_seq`. False for a full read of a stream whose other reads bring changes.',
    ),
  deletes: z.enum(['hard', 'soft', 'ignore', 'compare']).optional().describe('What a load does with deleted records.'),
  limited: z.boolean().optional().describe('True if there may be more records, because of `--limit`.'),
  keys: z
    .object({ parts: z.array(partSchema) })
    .optional()
    .describe(
      'Keys of all records that the source had, for `deletes: compare`: csv with the fields of the primary key.',
    ),
  schemaChange: z.enum(['evolve', 'freeze', 'discard']).optional(),
  lag: z
    .string()
    .regex(/^\d{1,15}[smhd]?$/)
    .optional()
    .describe('Time before the state that was read again.'),
  format: stagedFormatSchema,
  dialect: z.literal(CSV_DIALECT).optional(),
  compression: z.enum(['zst', 'gz', 'none']),
  parts: z.array(partSchema),
  rejectedParts: z.array(partSchema),
  firstRejected: z.string().nullable().describe('Origin and reason of the first rejected record.'),
  counts: countsSchema,
  undeclared: recordOf(count).describe('Number of records with each field that the schema does not declare.'),
  stateBefore: stateSchema.nullable(),
  stateAfter: stateSchema.nullable(),
  reached: cursorStateSchema
    .optional()
    .describe('State after a load that appends, if the next read begins earlier and so would repeat records.'),
  beyond: beyondSchema
    .optional()
    .describe('Records whose cursor must not become state: a time after the start of the read, `infinity` or `NaN`.'),
  input: inputSchema.optional(),
  consistency: z
    .enum(['snapshot', 'per-range', 'none'])
    .describe(
      '`snapshot`: all records are of one point in time. `per-range`: each partition has its own. `none`: no guarantee.',
    ),
});

/** Schema of `Manifest`. */
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
    .describe('Inputs of the dataset. The same inputs under the same run ID are the same dataset.'),
  inputs: z.array(z.string()).describe('URIs and digests of the datasets that this one was made from.'),
  streams: recordOf(streamSchema),
});

export type { Counts, Part } from './parts.ts';
/** A stream of a dataset. */
export type ManifestStream = z.output<typeof streamSchema>;

/** Members of a stream's manifest entry that are known before reading ends. */
export type StreamHead = Pick<
  ManifestStream,
  | 'schema'
  | 'inferred'
  | 'primaryKey'
  | 'cursor'
  | 'mode'
  | 'disposition'
  | 'changes'
  | 'deletes'
  | 'limited'
  | 'schemaChange'
  | 'lag'
  | 'format'
  | 'dialect'
  | 'compression'
  | 'stateBefore'
>;
/** Description of a dataset. It is written last, and only if absent. */
export type Manifest = z.output<typeof manifestSchema>;

const MANIFEST: DocumentKind<Manifest> = {
  name: 'manifest',
  schema: manifestSchema,
  hint: 'Run the step again with --force. Its dataset then replaces this one.',
  faultOf({ streams }) {
    if (Object.keys(streams).length === 0) return 'it has no streams';
    for (const [stream, one] of Object.entries(streams)) {
      const fault = partsFault(stream, one) ?? keysFault(one) ?? stateFault(one) ?? changesFault(stream, one);
      if (fault !== undefined) return `the stream ${JSON.stringify(stream)}: ${fault}`;
    }
    return undefined;
  },
};

/** Checks that key and cursor are fields of the stream. Without records, no fields are known. */
function keysFault({ schema, primaryKey, cursor }: ManifestStream): string | undefined {
  if (Object.keys(schema.properties).length === 0) return undefined;
  const unknown = [...primaryKey, ...(cursor === undefined ? [] : [cursor])].find(
    (field) => !Object.hasOwn(schema.properties, field),
  );
  return unknown === undefined ? undefined : `its key or cursor ${JSON.stringify(unknown)} is not one of its fields`;
}

/** Checks what a manifest says about deleted records. */
function changesFault(stream: string, { changes, keys, primaryKey, counts }: ManifestStream): string | undefined {
  if ((changes === true || keys !== undefined) && primaryKey.length === 0) return 'it has changes and no primary key';
  if (changes !== true && counts.deleted !== undefined) return 'it counts deleted records, but has no changes';
  return keys && partKeysFault(stream, { parts: keys.parts, rejectedParts: [] });
}

/** Checks the states of integer cursors. Other cursors are not checked, because a transform may have changed their type. */
function stateFault({ schema, cursor, stateBefore, stateAfter, reached }: ManifestStream): string | undefined {
  const field = cursor === undefined ? undefined : schema.properties[cursor];
  if (field === undefined || !['integer', 'int64'].includes(kindOf(field))) return undefined;
  const wrong = [stateBefore, stateAfter, reached].some(
    (state) => state != null && 'cursor' in state && !isCursorValue(state.cursor, field),
  );
  return wrong ? `its state is not a valid value of its cursor ${JSON.stringify(cursor)}` : undefined;
}

/** A dataset: its manifest and its place. */
export interface Dataset {
  store: Store;
  /** Folder of the step in the store. */
  folder: string;
  /** 1 for the first version, and one more for each that replaced it. */
  generation: number;
  manifest: Manifest;
  /** Digest of the manifest's bytes, `sha256-<hex>`. */
  digest: string;
  /** URI of the manifest with `#sha256-…`. */
  uri: string;
  /** Datasets of the partitions, if it was extracted in partitions. `folder` is then the folder of the run. */
  partitions?: readonly Dataset[];
}

/** The dataset that a new one replaces. */
export type Replaced = Pick<Dataset, 'generation' | 'digest'>;

/** Commits a step by writing its manifest, as the next generation of `replaced`. Returns `null` if another attempt was first. */
export async function writeManifest(
  store: Store,
  folder: string,
  manifest: Manifest,
  replaced: Replaced | null,
): Promise<Dataset | null> {
  const written = await writeNext({ store, folder }, MANIFEST, manifest, replaced);
  return written === null ? null : datasetOf(store, folder, written);
}

/** Takes back a manifest that was just written. */
export async function withdrawManifest({ store, folder, generation }: Dataset): Promise<void> {
  await store.remove([keyOf(folder, MANIFEST, generation)]);
}

/** Finds the dataset in a step's folder, or `null` if it has no manifest (yet). Throws `DATASET_CORRUPT` if the manifest is invalid. */
export async function findDataset(store: Store, folder: string): Promise<Dataset | null> {
  const found = await readNewest({ store, folder }, MANIFEST);
  if (found === null) return null;
  const { value, key } = found;
  // A load stores state and rejected records by name and run, so a manifest must not claim those of another pipeline.
  if (stepFolder(value) !== folder) {
    throw new AriesError(
      'DATASET_CORRUPT',
      `${store.uriOf(key)} is the manifest of another dataset: ${stepFolder(value)}`,
      {
        hint: 'If you copy a dataset, keep the last three folders of its path: name, run and step.',
      },
    );
  }
  return datasetOf(store, folder, found);
}

/**
 * Finds the dataset in a step's folder, and what a new one would replace. With `force`, a broken manifest counts only as the latter,
 * because making the dataset again is the way out.
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

/** Returns the key of a dataset's first manifest. */
export function manifestKey(folder: string): string {
  return keyOf(folder, MANIFEST, 1);
}

function datasetOf(store: Store, folder: string, { value, generation, digest, key }: Stored<Manifest>): Dataset {
  return { store, folder, generation, manifest: value, digest, uri: `${store.uriOf(key)}#${digest}` };
}
