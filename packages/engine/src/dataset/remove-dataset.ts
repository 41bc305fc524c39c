import { stepFolder } from './layout.ts';
import { manifestKey } from './manifest.ts';
import { openDataset } from './open-dataset.ts';
import { planKey } from './plan.ts';

/**
 * Deletes a dataset. Starts with its first manifest or plan, where readers begin, so that none finds a part of it. Returns the number of
 * deleted objects.
 *
 * @example
 * const { removed } = await removeDataset('file:///data/staging/shop/monday/extract');
 */
export async function removeDataset(uri: string): Promise<{ removed: number }> {
  const { store, folder, manifest, partitions } = await openDataset(uri);
  try {
    // Of a run that was extracted in partitions, only these are deleted: its other steps are separate datasets.
    const within = partitions === undefined ? '' : `${stepFolder(manifest).slice(folder.length + 1)}.`;
    await store.remove([partitions === undefined ? manifestKey(folder) : planKey(folder)]);
    const keys: string[] = [];
    for await (const { key } of store.list(`${folder}/${within}`)) keys.push(key);
    if (partitions !== undefined) for await (const { key } of store.list(`${folder}/plan.`)) keys.push(key);
    await store.remove(keys);
    return { removed: keys.length + 1 };
  } finally {
    await store.close();
  }
}
