import { chmod, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, inject } from 'vitest';
import { COMPILE_CACHE, OURS } from './run-folder.setup.ts';
import { temporaryFolders } from './temporary-folder.ts';

/*
 * Gives each test file its own temporary folder, also for the processes that it starts. A test file fails if it leaves any
 * folder of Aries there other than those that the tests requested.
 */
const folder = await mkdtemp(join(inject('runFolder'), 'file-'));
await chmod(folder, 0o1777);
process.env.TMPDIR = folder;
// Otherwise each command in a test would compile all modules again.
await symlink(inject('compileCache'), join(folder, COMPILE_CACHE));

afterAll(async () => {
  const left = await leftAfterAWhile();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  if (left.length > 0) throw new Error(`Left in the folder for temporary files: ${left.join(', ')}`);
});

/** A stopped process may still be removing its files. */
async function leftAfterAWhile(): Promise<string[]> {
  let left: string[] = [];
  for (let attempt = 0; attempt < 20; attempt++) {
    left = (await readdir(folder)).filter((name) => OURS.test(name) && !temporaryFolders.has(join(folder, name)));
    if (left.length === 0) break;
    await setTimeout(100);
  }
  return left;
}
