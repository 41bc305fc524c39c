import { chmod, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, inject } from 'vitest';
import { COMPILE_CACHE, FILE_FOLDER } from './run-folder.setup.ts';
import { temporaryFolders } from './temporary-folder.ts';

/*
 * Gives each test file a temporary folder of its own, also for the processes that it starts. A test file fails if anything is left
 * there but the folders that the tests themselves asked for.
 */
const folder = await mkdtemp(join(inject('runFolder'), FILE_FOLDER));
await chmod(folder, 0o1777);
process.env.TMPDIR = folder;
// Without it each command that a test runs would compile all modules again.
await symlink(inject('compileCache'), join(folder, COMPILE_CACHE));

afterAll(async () => {
  const left = await leftAfterAWhile();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  if (left.length > 0) throw new Error(`Left in the folder for temporary files: ${left.join(', ')}`);
});

/** A process that was told to stop may still be removing what it made. */
async function leftAfterAWhile(): Promise<string[]> {
  let left: string[] = [];
  for (let attempt = 0; attempt < 20; attempt++) {
    left = (await readdir(folder)).filter(
      (name) => name !== COMPILE_CACHE && !temporaryFolders.has(join(folder, name)),
    );
    if (left.length === 0) break;
    await setTimeout(100);
  }
  return left;
}
