import { z } from 'zod';
import type { Partition, Window } from '../source.ts';
import type { Store } from '../stores/store.ts';
import { readNewest, type Stored, writeNext } from './generations.ts';
import { intervalSchema, stateSchema } from './manifest.ts';

const planSchema = z.object({
  planVersion: z.literal(1),
  connector: z.object({ name: z.string(), version: z.string() }),
  name: z.string(),
  runId: z.string(),
  plannedAt: z.string(),
  interval: intervalSchema.nullable(),
  /** What the partitions are made from. */
  fingerprint: z.record(z.string(), z.json()),
  streams: z.record(
    z.string(),
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
      id: z.string(),
      stream: z.string(),
      /** A piece as its source describes it. */
      partition: z.custom<Partition>((value) => typeof value === 'object' && value !== null).optional(),
      /** A slice of the interval. */
      window: z.custom<Window>((value) => typeof value === 'object' && value !== null).optional(),
    }),
  ),
});

/** How an extract is parted into tasks: `<name>/<run-id>/plan.json`, written once, only if absent. */
export type Plan = z.output<typeof planSchema>;
/** One task of a plan. */
export type PlannedPartition = Plan['partitions'][number];

/** A plan with what names it. */
export type StoredPlan = Stored<Plan>;

/** The plan of a run, the newest where it was made anew; `null` where there is none. Throws `DATASET_CORRUPT` for one that is none. */
export function findPlan(store: Store, folder: string): Promise<StoredPlan | null> {
  return readNewest({ store, folder, name: 'plan' }, planSchema);
}

/** Writes a plan, in the place of one that it is made instead of. Where another task was first, that one's plan is returned. */
export async function writePlan(
  store: Store,
  folder: string,
  plan: Plan,
  replaced: StoredPlan | null,
): Promise<StoredPlan> {
  const written = await writeNext({ store, folder, name: 'plan' }, plan, replaced);
  return written ?? (await findPlan(store, folder))!;
}
