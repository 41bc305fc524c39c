import { manifestName } from './layout.ts';
import { openDataset } from './open-dataset.ts';

/** Deletes a dataset: its first manifest first, from where readers look for later ones, so that none finds half of it. Returns how many objects went. */
export async function removeDataset(uri: string): Promise<{ removed: number }> {
  const { store, folder } = await openDataset(uri);
  try {
    await store.remove([`${folder}/${manifestName(1)}`]);
    const keys: string[] = [];
    for await (const { key } of store.list(`${folder}/`)) keys.push(key);
    await store.remove(keys);
    return { removed: keys.length + 1 };
  } finally {
    await store.close();
  }
}
