import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { AriesError } from '@aries-data/sdk';

/** Returns the path of a key. Throws `DATASET_CORRUPT` if a step such as `..` could lead out of the root: Aries makes no such keys. */
export function pathBelow(root: string, key: string): string {
  if (!/(?:^|\/)\.{1,2}(?:\/|$)|\0/.test(key)) return join(root, key);
  throw new AriesError('DATASET_CORRUPT', `The name ${JSON.stringify(key.slice(0, 200))} may lead out of ${root}`, {
    hint: 'Aries makes no such names. Something else has written here.',
  });
}

/** Returns the folder of a key, or '' for the root. */
export function folderOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')));
}

/**
 * Throws `DATASET_CORRUPT` if anything but folders and files lies on the way from the root to an object, such as a symbolic link. A store
 * makes none; someone else who can write to it could use them to have other files read, overwritten or deleted.
 */
export async function refuseLinks(root: string, key: string): Promise<void> {
  const steps = key === '' ? [] : key.split('/');
  for (let count = 1; count <= steps.length; count++) {
    const path = pathBelow(root, steps.slice(0, count).join('/'));
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return;
    if (found.isDirectory() || found.isFile()) continue;
    throw new AriesError(
      'DATASET_CORRUPT',
      `${path} is ${found.isSymbolicLink() ? 'a symbolic link' : 'not a file'}; a store contains only files and folders`,
      { hint: 'Delete it, or use the folder that it points to.' },
    );
  }
}
