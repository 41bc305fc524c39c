import type { Store } from '@aries-data/stores';
import { type Kept, keptIdsIn, listKept } from '../dataset/kept.ts';
import { runFolders, stateFolder } from '../dataset/layout.ts';
import { DEAD_MS } from './prune-run.ts';

/** Documents that name what a position refers to. */
const DOCUMENT = /(?:\/(?:manifest|plan)(?:\.\d+)?|\.checkpoint)\.json$/;

/**
 * Finds what no position refers to any more, such as the lists of attempts that died. Reads the documents of all runs, unless there is
 * nothing to look for. If the state is stored elsewhere, nothing is found, because it may refer to anything.
 */
export async function unusedKept(store: Store, name: string, now = Date.now()): Promise<Kept[]> {
  const found = new Map<string, Kept>();
  for await (const kept of listKept(store, name)) if (kept.modified < now - DEAD_MS) found.set(kept.id, kept);
  if (found.size === 0) return [];
  let hasState = false;
  for await (const { key } of store.list(`${stateFolder(name)}/`)) {
    if (!/\/\d+\.json$/.test(key)) continue;
    hasState = true;
    for (const id of keptIdsIn(String(await store.read(key)))) found.delete(id);
  }
  if (!hasState) return [];
  for await (const folder of runFolders(store, name)) {
    for await (const { key } of store.list(`${folder}/`)) {
      if (found.size === 0) return [];
      if (!DOCUMENT.test(key)) continue;
      for (const id of keptIdsIn(String(await store.read(key)))) found.delete(id);
    }
  }
  return [...found.values()];
}
