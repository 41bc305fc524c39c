import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Folders that `file-folder.setup.ts` removes. */
export const temporaryFolders = new Set<string>();

/** Makes an empty folder. It is removed after the last test of the file, passed or failed. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-test-'));
  temporaryFolders.add(folder);
  return folder;
}
