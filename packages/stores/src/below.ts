import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { AriesError } from '@aries-data/sdk';

/** The path of a key. Throws `DATASET_CORRUPT` for one with steps that are no names: Aries makes none that lead elsewhere. */
export function pathBelow(root: string, key: string): string {
  if (!/(?:^|\/)\.{1,2}(?:\/|$)|\0/.test(key)) return join(root, key);
  throw new AriesError('DATASET_CORRUPT', `The name ${JSON.stringify(key.slice(0, 200))} may lead out of ${root}`, {
    hint: 'Aries makes no such names. Somebody else has written here.',
  });
}

/** The folder of a key; '' is the root. */
export function folderOf(key: string): string {
  return key.slice(0, Math.max(0, key.lastIndexOf('/')));
}

/**
 * Throws `DATASET_CORRUPT` where something other than a folder or a file lies on the way from the root to an object: a symbolic link, a
 * pipe. A store makes none. Who else can write to it would have other files read, overwritten or deleted by them.
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
      `${path} is ${found.isSymbolicLink() ? 'a symbolic link' : 'no file'}; a store holds files and folders alone`,
      { hint: 'Remove it, or name the folder that it leads to.' },
    );
  }
}
