import { z } from 'zod';
import type { CompareCursor } from './cursor.ts';
import { stateFolder } from './dataset/layout.ts';
import { stateSchema as streamStateSchema } from './dataset/manifest.ts';
import { AriesError } from './errors.ts';
import type { Json } from './schema.ts';
import { openStore } from './stores/open-store.ts';
import type { Store } from './stores/store.ts';

/** How far one stream has been committed. */
export interface StreamState {
  /** The greatest cursor value committed, as records hold it. */
  cursor: string;
  /** Keys of the records at exactly `cursor` that are committed. */
  keys: Json[][];
  /**
   * What holds for records that `keys` does not list. Left out: none of them at `cursor` or later is committed. `unknown`: some may be,
   * so only a load that merges may continue from here. `loaded`: all that have exactly `cursor` are committed.
   */
  others?: 'unknown' | 'loaded' | undefined;
}

/** Keys that a state lists at most: what a run writes does not grow with its records. */
export const MOST_KEYS = 1000;

/** The state of a pipeline: one immutable file per version. */
export interface PipelineState {
  /** 0 where there is no state yet. */
  version: number;
  streams: Record<string, StreamState>;
}

const stateSchema = z.object({
  stateVersion: z.literal(1),
  streams: z.record(z.string(), streamStateSchema),
});

/** A state with further keys at its cursor value; past the limit it no longer lists them. */
export function withKeys(state: StreamState, keys: StreamState['keys']): StreamState {
  if (state.others === 'loaded' || keys.length === 0) return state;
  const all = [...new Map([...state.keys, ...keys].map((key) => [JSON.stringify(key), key])).values()];
  return all.length > MOST_KEYS ? crowded(state.cursor) : { ...state, keys: all };
}

/** A state at whose cursor value there are more records than it lists. */
export function crowded(cursor: string): StreamState {
  return { cursor, keys: [], others: 'unknown' };
}

/** What is committed once two states are, which have the same cursor value. */
export function joined(a: StreamState, b: StreamState): StreamState {
  if (a.others === 'loaded' || b.others === 'loaded') return { cursor: a.cursor, keys: [], others: 'loaded' };
  return withKeys(a.others === undefined ? { ...a, ...b, keys: a.keys } : a, b.keys);
}

/** Whether everything up to one state is in another. */
export function holdsState(held: StreamState | null, wanted: StreamState | null, order: CompareCursor): boolean {
  if (wanted === null) return true;
  if (held === null) return false;
  const comparison = order(held.cursor, wanted.cursor);
  if (comparison === 0 && held.others !== undefined) return true;
  if (comparison === 0 && wanted.others !== undefined) return false;
  const keys = new Set(held.keys.map((key) => JSON.stringify(key)));
  return comparison > 0 || (comparison === 0 && wanted.keys.every((key) => keys.has(JSON.stringify(key))));
}

/** The newest state of a pipeline. */
export async function readState(store: Store, name: string): Promise<PipelineState> {
  let version = 0;
  for await (const { key } of store.list(`${stateFolder(name)}/`)) {
    version = Math.max(version, Number(/\/(\d+)\.json$/.exec(key)?.[1] ?? 0));
  }
  if (version === 0) return { version, streams: {} };
  const key = stateKey(name, version);
  const result = stateSchema.safeParse(JSON.parse((await store.read(key))?.toString() ?? 'null'));
  if (!result.success) {
    throw new AriesError('DATASET_CORRUPT', `${store.uriOf(key)} is no state file of this version`, {
      hint: 'aries state reset makes a new one from the ledger.',
    });
  }
  // A stream may be called constructor.
  return { version, streams: Object.assign(Object.create(null), result.data.streams) as Record<string, StreamState> };
}

/** The newest state of a pipeline: in the folder that is named, else in the staging. */
export async function readStateAt(uri: string | undefined, staging: Store, name: string): Promise<PipelineState> {
  if (uri === undefined) return readState(staging, name);
  const store = await openStore(uri);
  try {
    return await readState(store, name);
  } finally {
    await store.close();
  }
}

/**
 * Moves a pipeline's state: `null` forgets a stream. Compare-and-swap: where another process wrote first, `change` is asked
 * again. It is asked after the state was read, so what it says is never older than what it takes the place of.
 */
export async function moveState(
  store: Store,
  name: string,
  change: (before: PipelineState) => Promise<Record<string, StreamState | null>>,
): Promise<PipelineState> {
  for (;;) {
    const before = await readState(store, name);
    const changes = await change(before);
    const streams = Object.fromEntries(
      Object.entries({ ...before.streams, ...changes }).filter(
        (entry): entry is [string, StreamState] => entry[1] !== null,
      ),
    );
    if (JSON.stringify(streams) === JSON.stringify(before.streams)) return before;
    const version = before.version + 1;
    const body = Buffer.from(`${JSON.stringify({ stateVersion: 1, streams }, null, 2)}\n`);
    if (await store.writeIfAbsent(stateKey(name, version), body)) return { version, streams };
  }
}

function stateKey(name: string, version: number): string {
  return `${stateFolder(name)}/${version}.json`;
}
