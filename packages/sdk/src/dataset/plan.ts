import { z } from 'zod';
import { AriesError } from '../errors.ts';
import type { Partition, Window } from '../source.ts';
import type { Store } from '../stores/store.ts';
import { digestOf } from './manifest.ts';

const stateSchema = z.object({ cursor: z.string(), keys: z.array(z.array(z.json())) });

const planSchema = z.object({
  planVersion: z.literal(1),
  connector: z.object({ name: z.string(), version: z.string() }),
  name: z.string(),
  runId: z.string(),
  plannedAt: z.string(),
  interval: z.object({ start: z.string(), end: z.string() }).nullable(),
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
export interface StoredPlan {
  plan: Plan;
  /** 1, and one more each time it was made anew. */
  generation: number;
  digest: string;
  key: string;
}

/** The plan of a run, the newest where it was made anew; `null` where there is none. Throws `DATASET_CORRUPT` for one that is none. */
export async function findPlan(store: Store, folder: string): Promise<StoredPlan | null> {
  let newest: Buffer | null = null;
  for (let generation = 1; ; generation++) {
    const bytes = await store.read(`${folder}/${planName(generation)}`);
    if (bytes === null) return newest === null ? null : stored(folder, generation - 1, newest);
    newest = bytes;
  }
}

/** Writes a plan, in the place of one that it is made instead of. Where another task was first, that one's plan is returned. */
export async function writePlan(
  store: Store,
  folder: string,
  plan: Plan,
  replaced: StoredPlan | null,
): Promise<StoredPlan> {
  const generation = (replaced?.generation ?? 0) + 1;
  const bytes = Buffer.from(`${JSON.stringify(plan, null, 2)}\n`);
  if (await store.writeIfAbsent(`${folder}/${planName(generation)}`, bytes)) return stored(folder, generation, bytes);
  return (await findPlan(store, folder))!;
}

function planName(generation: number): string {
  return generation === 1 ? 'plan.json' : `plan.${generation}.json`;
}

function stored(folder: string, generation: number, bytes: Buffer): StoredPlan {
  const key = `${folder}/${planName(generation)}`;
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new AriesError('DATASET_CORRUPT', `${key} is not JSON`, { cause });
  }
  const result = planSchema.safeParse(parsed);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new AriesError(
      'DATASET_CORRUPT',
      `${key} is no plan of this version: ${issue?.path.join('.')}: ${issue?.message}`,
      {
        hint: 'Was it written by a later version of Aries, or changed by hand?',
      },
    );
  }
  return { plan: parsed as Plan, generation, digest: digestOf(bytes), key };
}
