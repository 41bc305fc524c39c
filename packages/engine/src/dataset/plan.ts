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
  /** What the partitions are made from. */
  fingerprint: z.record(z.string(), z.json()),
  streams: recordOf(
    z.object({
      /** Where all partitions of the stream begin. */
      stateBefore: stateSchema.nullable(),
      /** The greatest cursor value when it was planned: what is newer is read again by the next run. */
      maxCursor: z.string().nullable(),
      consistency: z.enum(['per-range', 'none']),
    }),
  ),
  partitions: z.array(
    z.object({
      /** Unique in the plan, of `[A-Za-z0-9._%-]`. */
      id: z.string().regex(/^[A-Za-z0-9._%-]{1,1000}$/, 'expected letters, digits, ".", "_", "%" and "-"'),
      stream: z.string(),
      /** A piece as its source describes it. */
      partition: (z.looseObject({ id: z.string() }).catchall(z.json()) as z.ZodType<Partition>).optional(),
      /** A slice of the interval. */
      window: z.strictObject({ since: instant, until: instant }).optional(),
    }),
  ),
});

/** How an extract is parted into tasks: `<name>/<run-id>/plan.json`, written once, only if absent. */
export type Plan = z.output<typeof planSchema>;
/** One task of a plan. */
export type PlannedPartition = Plan['partitions'][number];

/** A plan with what names it. */
export type StoredPlan = Stored<Plan>;

const PLAN: DocumentKind<Plan> = {
  name: 'plan',
  schema: planSchema,
  hint: 'Plan and extract the run again with --force.',
  faultOf({ streams, partitions, interval }) {
    const ids = new Set(partitions.map(({ id }) => id));
    if (ids.size < partitions.length) return 'two of its partitions have one id';
    const other = partitions.find(({ stream }) => !Object.hasOwn(streams, stream));
    if (other !== undefined) return `the partition ${other.id} is of no stream of the plan`;
    for (const stream of Object.keys(streams)) {
      const pieces = partitions.filter((one) => one.stream === stream);
      if (pieces.length === 0) return `the stream ${JSON.stringify(stream)} has no partitions`;
      if (!tile(pieces, interval)) return `the partitions of the stream ${JSON.stringify(stream)} leave a gap`;
    }
    return undefined;
  },
};

/** Whether slices of an interval join from its start to its end. */
function tile(pieces: readonly PlannedPartition[], interval: Plan['interval']): boolean {
  if (pieces.every(({ window }) => window === undefined)) return true;
  let at = interval?.start;
  for (const { window } of pieces) {
    if (window === undefined || window.since !== at || window.until < window.since) return false;
    at = window.until;
  }
  return at === interval?.end;
}

/** The plan of a run, the newest where it was made anew; `null` where there is none. Throws `DATASET_CORRUPT` for one that is none. */
export async function findPlan(store: Store, folder: string): Promise<StoredPlan | null> {
  const found = await readNewest({ store, folder }, PLAN);
  if (found === null || runFolder(found.value) === folder) return found;
  throw new AriesError(
    'DATASET_CORRUPT',
    `${store.uriOf(found.key)} is the plan of another run: ${runFolder(found.value)}`,
    {
      hint: 'A run that is copied keeps the last two folders of its path: name and run.',
    },
  );
}

/** The same; with `force` a plan that is broken is only what the next one takes the place of. */
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

/** Writes a plan, in the place of one that it is made instead of. Where another task was first, that one's plan is returned. */
export async function writePlan(
  store: Store,
  folder: string,
  plan: Plan,
  replaced: { generation: number } | null,
): Promise<StoredPlan> {
  const written = await writeNext({ store, folder }, PLAN, plan, replaced);
  return written ?? (await findPlan(store, folder))!;
}

/** The key of a run's first plan. */
export function planKey(folder: string): string {
  return keyOf(folder, PLAN, 1);
}
