import { spawnSync } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../packages/cli/bundle.ts';

let root: string;
let main: string;

// What is packed is this folder and package.json; neither help nor the version needs anything that is installed beside.
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'aries-start-'));
  await mkdir(join(root, 'dist'));
  await bundle(join(root, 'dist'));
  await copyFile(fileURLToPath(new URL('../packages/cli/package.json', import.meta.url)), join(root, 'package.json'));
  main = join(root, 'dist/main.js');
}, 60_000);

describe('starting from the bundle', () => {
  test('neither loads what is for running: the SDK, AWS, pg, DuckDB, yaml', async () => {
    const trace = join(root, 'trace.mjs');
    const loaded = join(root, 'loaded.txt');
    await writeFile(
      trace,
      `import { appendFileSync } from 'node:fs'; import { registerHooks } from 'node:module';
       registerHooks({ load(url, context, next) { appendFileSync(${JSON.stringify(loaded)}, url + '\\n'); return next(url, context); } });`,
    );
    for (const args of [['--version'], ['--help'], ['extract', '--help']]) {
      await writeFile(loaded, '');
      const { stdout } = spawnSync(process.execPath, ['--import', trace, main, ...args], { encoding: 'utf8' });
      expect(stdout).not.toBe('');
      const files = (await readFile(loaded, 'utf8')).trim().split('\n');
      expect(files.filter((url) => url.startsWith('file:') && !url.startsWith(`file://${root}`))).toEqual([]);
    }
  });

  test('an installation that lacks a package still ends with the failure line', () => {
    const { status, stdout } = spawnSync(process.execPath, [main, 'extract'], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      exitCode: 70,
      error: { code: 'BUG', message: expect.stringMatching(/^aries is not installed whole: Cannot find package/) },
    });
    expect(status).toBe(70);
  });

  test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'a user that nobody knows can run it, without a home',
    async () => {
      await chmod(root, 0o755);
      const { status, stderr, stdout } = spawnSync(process.execPath, [main, '--help'], {
        encoding: 'utf8',
        env: {},
        uid: 54_321,
        gid: 54_321,
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('COMMANDS');
    },
  );
});
