import { AriesError, isAriesError, type StreamState } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import { z } from 'zod';
import { keptIdsIn, keptKey } from '../dataset/kept.ts';
import { stateFolder } from '../dataset/layout.ts';
import { stateSchema } from '../dataset/manifest.ts';
import { recordOf } from '../dataset/record-of.ts';
import { type DocumentKind, sealed, unsealed } from '../dataset/sealed.ts';

/** State of a pipeline. Each version is an immutable file. */
export interface PipelineState {
  /** 0 if there is no state yet. */
  version: number;
  streams: Record<string, StreamState>;
}

/** Contents of a state file. */
interface StateFile {
  stateVersion: 1;
  streams: Record<string, StreamState>;
}

const STATE: DocumentKind<StateFile> = {
  name: 'state file',
  schema: z.object({
    stateVersion: z.literal(1),
    streams: recordOf(stateSchema),
  }),
  hint: 'Load the last dataset again, which rebuilds the state from the ledger, or delete the state with aries state reset.',
};

/** More than one version a second for 30 years: Aries did not write a larger number. */
const MOST_VERSIONS = 999_999_999;

/** Number of versions to keep, so that a slow writer still finds the one that it would overwrite. */
const KEPT_VERSIONS = 20;

/** Number of versions at which the old ones are deleted, so that few commits delete anything. */
const MOST_KEPT = 2 * KEPT_VERSIONS;

/** Reads the newest state of a pipeline. Throws `DATASET_CORRUPT` naming the file if it is broken. */
export async function readState(store: Store, name: string): Promise<PipelineState> {
  for (;;) {
    const state = await readVersion(store, name, newestOf(await versionsOf(store, name)));
    // Another process may have deleted it in the meantime; then there is a newer one.
    if (state !== null) return state;
  }
}

function newestOf(versions: readonly number[]): number {
  return versions.reduce((a, b) => Math.max(a, b), 0);
}

async function versionsOf(store: Store, name: string): Promise<number[]> {
  const versions: number[] = [];
  for await (const { key } of store.list(`${stateFolder(name)}/`)) {
    const [, digits] = /\/([1-9]\d*)\.json$/.exec(key) ?? [];
    if (digits === undefined) continue;
    if (Number(digits) <= MOST_VERSIONS) versions.push(Number(digits));
    else {
      throw new AriesError('DATASET_CORRUPT', `${store.uriOf(key)} is not a state file written by Aries`, {
        hint: 'Find out what else writes to the staging, and delete the file.',
      });
    }
  }
  return versions;
}

/** Reads a version, or `null` if it does not exist. */
async function readVersion(store: Store, name: string, version: number): Promise<PipelineState | null> {
  if (version === 0) return { version, streams: {} };
  const key = stateKey(name, version);
  const bytes = await store.read(key);
  if (bytes === null) return null;
  const { streams } = unsealed(STATE, bytes, store.uriOf(key));
  // A stream may be named constructor.
  return { version, streams: Object.assign(Object.create(null), streams) as Record<string, StreamState> };
}

/** A state that is about to be replaced. */
interface Former extends PipelineState {
  /** What is wrong with its file. `streams` then comes from the last readable file. */
  broken?: string;
}

async function readFormer(store: Store, name: string): Promise<Former> {
  const versions = (await versionsOf(store, name)).sort((a, b) => b - a);
  const [newest = 0] = versions;
  let broken: string | undefined;
  for (const version of versions) {
    try {
      const state = await readVersion(store, name, version);
      // All of them are old by now.
      if (state === null) return readFormer(store, name);
      return { version: newest, streams: state.streams, ...(broken === undefined ? {} : { broken }) };
    } catch (error) {
      if (!isAriesError(error) || error.code !== 'DATASET_CORRUPT') throw error;
      broken ??= error.message;
    }
  }
  return { version: newest, streams: {}, ...(broken === undefined ? {} : { broken }) };
}

/** Reads the newest state of a pipeline from the folder at `uri`, or from staging. */
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
 * Changes a pipeline's state by compare-and-swap; `null` deletes a stream. Calls `change` after reading the state, and again if another
 * process wrote first, so the change never relies on an older state. A broken state file is rebuilt: streams that `change` does not
 * mention come from the last readable file, and `repaired` says what was broken.
 */
export async function moveState(
  store: Store,
  name: string,
  change: (before: PipelineState) => Promise<Record<string, StreamState | null>>,
): Promise<PipelineState & { repaired?: string }> {
  let repaired: string | undefined;
  for (;;) {
    const { broken, ...before } = await readFormer(store, name);
    const changes = await change(before);
    const streams = Object.fromEntries(
      Object.entries({ ...before.streams, ...changes }).filter(
        (entry): entry is [string, StreamState] => entry[1] !== null,
      ),
    );
    if (broken === undefined && JSON.stringify(streams) === JSON.stringify(before.streams)) {
      return { ...before, ...(repaired === undefined ? {} : { repaired }) };
    }
    const version = before.version + 1;
    const body = sealed(STATE, { stateVersion: 1, streams });
    if (!(await store.writeIfAbsent(stateKey(name, version), body))) continue;
    repaired ??= broken;
    // If this writer slept while many versions were written and deleted, the one it wrote is already old.
    if ((await clearAway(store, name, version)) === version) {
      return { version, streams, ...(repaired === undefined ? {} : { repaired }) };
    }
  }
}

/** Deletes the versions that nobody needs after `version` was written. Returns the newest version. */
async function clearAway(store: Store, name: string, version: number): Promise<number> {
  const all = await versionsOf(store, name);
  const isOld = (one: number) => all.length > MOST_KEPT && one <= version - KEPT_VERSIONS;
  const old = all.filter(isOld).sort((a, b) => a - b);
  // Old versions do no harm, and not everyone who may write may also delete.
  if (old.length > 0)
    await removeVersions(
      store,
      name,
      old,
      all.filter((one) => !isOld(one)),
    ).catch(() => {});
  return newestOf(all);
}

/** Deletes old versions, and what only they refer to: no extract begins there any more. */
async function removeVersions(
  store: Store,
  name: string,
  old: readonly number[],
  others: readonly number[],
): Promise<void> {
  const idsIn = async (version: number) => keptIdsIn(String((await store.read(stateKey(name, version))) ?? ''));
  const [oldest = 0] = old;
  const unused = new Set<string>();
  // Most pipelines have no positions that refer to anything.
  if ((await idsIn(oldest)).length > 0 || (await idsIn(newestOf(others))).length > 0) {
    for (const version of old) for (const id of await idsIn(version)) unused.add(id);
    for (const version of others) for (const id of await idsIn(version)) unused.delete(id);
  }
  await store.remove([...[...unused].map((id) => keptKey(name, id)), ...old.map((one) => stateKey(name, one))]);
}

function stateKey(name: string, version: number): string {
  return `${stateFolder(name)}/${version}.json`;
}
