import { AriesError, isAriesError, type Partition } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { z } from 'zod';
import { runFolder } from './layout.ts';
import { instant, intervalSchema, stateSchema } from './manifest.ts';
import { findNewest, keyOf, readNewest, type Stored, writeNext } from './manifest-generations.ts';
import { recordOf } from './record-of.ts';
import type { DocumentKind } from './sealed.ts';

const planSchema = z.object({
  planVersion: z.literal(1),
  connector: z.object({ name: z.string(), version: z.string() }),
  name: z.string().min(1),
  runId: z.string().min(1),
  plannedAt: instant,
  interval: intervalSchema.nullable(),
  /** Inputs of the partitions. */
  fingerprint: z.record(z.string(), z.json()),
  streams: recordOf(
    z.object({
      /** State at which all partitions of the stream begin. */
      stateBefore: stateSchema.nullable(),
      /** Greatest cursor value when it was planned. The next run reads everything newer again. */
      maxCursor: z.string().nullable(),
      consistency: z.enum(['per-range', 'none']),
    }),
  ),
  partitions: z.array(
    z.object({
      /** Unique within the plan. */
      id: z.string().regex(/^[A-Za-z0-9._%-]{1,1000}$/, 'expected letters, digits, ".", "_", "%" and "-"'),
      stream: z.string(),
      /** Further streams of the partition, which come out of the same log and are read in one pass. */
      others: z.array(z.string()).optional(),
      /** Partition as its source describes it. */
      partition: (z.looseObject({ id: z.string() }).catchall(z.json()) as z.ZodType<Partition>).optional(),
      /** Slice of the interval. */
      window: z.strictObject({ since: instant, until: instant }).optional(),
    }),
  ),
});

/** Split of an extract into tasks, in `<name>/<run-id>/plan.json`. Written once, and only if absent. */
export type Plan = z.output<typeof planSchema>;
/** A task of a plan. */
export type PlannedPartition = Plan['partitions'][number];

/** Returns the names of the streams that a task reads. */
export function streamsIn({ stream, others = [] }: PlannedPartition): string[] {
  return [stream, ...others];
}

/** Returns the partitions that a stream is in. */
export function piecesOf({ partitions }: Plan, stream: string): PlannedPartition[] {
  return partitions.filter((one) => streamsIn(one).includes(stream));
}

/** A plan and its place. */
export type StoredPlan = Stored<Plan>;

const PLAN: DocumentKind<Plan> = {
  name: 'plan',
  schema: planSchema,
  hint: 'Plan and extract the run again with --force.',
  faultOf(plan) {
    const { streams, partitions, interval } = plan;
    const ids = new Set(partitions.map(({ id }) => id));
    if (ids.size < partitions.length) return 'two of its partitions have the same ID';
    for (const one of partitions) {
      const names = streamsIn(one);
      if (!names.every((name) => Object.hasOwn(streams, name)))
        return `a stream of the partition ${one.id} is not in the plan`;
      if (new Set(names).size < names.length) return `the partition ${one.id} has a stream twice`;
      if (names.length > 1 && !isWhole(one)) return `the partition ${one.id} is a piece of several streams`;
    }
    for (const stream of Object.keys(streams)) {
      const pieces = piecesOf(plan, stream);
      if (pieces.length === 0) return `the stream ${JSON.stringify(stream)} has no partitions`;
      if (pieces.length > 1 && pieces.some(isWhole))
        return `a partition has all of the stream ${JSON.stringify(stream)}, and is not its only one`;
      if (!tile(pieces, interval)) return `the partitions of the stream ${JSON.stringify(stream)} leave a gap`;
    }
    return undefined;
  },
};

function isWhole({ partition, window }: PlannedPartition): boolean {
  return partition === undefined && window === undefined;
}

/** Returns true if slices cover an interval from its start to its end. */
function tile(pieces: readonly PlannedPartition[], interval: Plan['interval']): boolean {
  if (pieces.every(({ window }) => window === undefined)) return true;
  let at = interval?.start;
  for (const { window } of pieces) {
    if (window === undefined || window.since !== at || window.until < window.since) return false;
    at = window.until;
  }
  return at === interval?.end;
}

/** Finds the newest plan of a run, or `null` if there is none. Throws `DATASET_CORRUPT` if it is invalid. */
export async function findPlan(store: Store, folder: string): Promise<StoredPlan | null> {
  const found = await readNewest({ store, folder }, PLAN);
  if (found === null || runFolder(found.value) === folder) return found;
  throw new AriesError(
    'DATASET_CORRUPT',
    `${store.uriOf(found.key)} is the plan of another run: ${runFolder(found.value)}`,
    {
      hint: 'If you copy a run, keep the last two folders of its path: name and run.',
    },
  );
}

/** Finds the newest plan. With `force`, a broken plan counts only as the one that the next one replaces. */
export async function findFormerPlan(
  store: Store,
  folder: string,
  force: boolean | undefined,
): Promise<{ plan: StoredPlan | null; replaced: { generation: number } | null }> {
  try {
    const plan = await findPlan(store, folder);
    return { plan, replaced: plan };
  } catch (error) {
    if (force !== true || !isAriesError(error) || error.code !== 'DATASET_CORRUPT') throw error;
    return { plan: null, replaced: await findNewest({ store, folder }, PLAN) };
  }
}

/** Writes a plan, as the next generation of `replaced`. If another task was first, returns its plan. */
export async function writePlan(
  store: Store,
  folder: string,
  plan: Plan,
  replaced: { generation: number } | null,
): Promise<StoredPlan> {
  const written = await writeNext({ store, folder }, PLAN, plan, replaced);
  return written ?? (await findPlan(store, folder))!;
}

/** Returns the key of a run's first plan. */
export function planKey(folder: string): string {
  return keyOf(folder, PLAN, 1);
}
