import { spawnSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundle } from '../packages/cli/bundle.ts';
import { fixture, runAries } from '../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

let root: string;
let main: string;

// The package contains this folder and package.json; help and version need no other packages.
beforeAll(async () => {
  root = await temporaryFolder();
  await mkdir(join(root, 'dist'));
  await bundle(join(root, 'dist'));
  await copyFile(fileURLToPath(new URL('../packages/cli/package.json', import.meta.url)), join(root, 'package.json'));
  main = join(root, 'dist/main.js');
}, 60_000);

describe('starting from the bundle', () => {
  test('neither loads modules for running: the SDK, AWS, pg, DuckDB, yaml', async () => {
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

  test('OpenTelemetry, which is loaded on demand, is in the bundle', async () => {
    const whole = await temporaryFolder();
    await cp(root, whole, { recursive: true });
    await symlink(fileURLToPath(new URL('../packages/cli/node_modules', import.meta.url)), join(whole, 'node_modules'));
    const paths: (string | undefined)[] = [];
    const collector = createServer((request, response) => {
      paths.push(request.url);
      request.resume().on('end', () => response.end());
    });
    await new Promise<void>((listening) => collector.listen(0, '127.0.0.1', listening));
    const { port } = collector.address() as AddressInfo;
    const config = JSON.stringify({ count: 1 });
    const args = ['extract', fixture('numbers'), '--config', config, '--staging', join(whole, 'staging')];
    const { code, stderr } = await runAries(args, {
      main: join(whole, 'dist/main.js'),
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    });
    collector.close();
    expect({ code, paths: [...new Set(paths)].sort() }, stderr).toEqual({
      code: 0,
      paths: ['/v1/metrics', '/v1/traces'],
    });
  });

  test('an installation that lacks a package still ends with the failure line', () => {
    const { status, stdout } = spawnSync(process.execPath, [main, 'extract'], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      exitCode: 70,
      error: {
        code: 'BUG',
        message: expect.stringMatching(/^The installation of aries is incomplete: Cannot find package/),
      },
    });
    expect(status).toBe(70);
  });

  test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'an unknown user without a home folder can run it',
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
