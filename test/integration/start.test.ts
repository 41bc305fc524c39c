import { spawnSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundle } from '../../packages/cli/bundle.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';

/** Returns the time of the fastest of several runs in milliseconds, because other load only ever adds to it. */
function quickest(...commands: string[][]): number[] {
  const best = commands.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < 15; round++) {
    for (const [index, args] of commands.entries()) {
      const start = performance.now();
      const { status } = spawnSync(process.execPath, args, {
        stdio: 'ignore',
        env: { PATH: process.env.PATH, HOME: tmpdir() },
      });
      expect(status).toBe(0);
      best[index] = Math.min(best[index]!, performance.now() - start);
    }
  }
  return best;
}

// An integration test, because fast tests run in parallel and would disturb it.
test('--version takes at most twice as long as node -e 0, --help three and a half times', { retry: 3 }, async () => {
  const root = await temporaryFolder();
  await mkdir(join(root, 'dist'));
  await bundle(join(root, 'dist'));
  await copyFile(
    fileURLToPath(new URL('../../packages/cli/package.json', import.meta.url)),
    join(root, 'package.json'),
  );
  const main = join(root, 'dist/main.js');
  const [node = 0, version = 0, help = 0] = quickest(['-e', '0'], [main, '--version'], [main, '--help']);
  expect(version / node).toBeLessThan(2);
  expect(help / node).toBeLessThan(3.5);
});
