import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { githubStub } from '../services/github-stub.ts';
import { openShell, type Shell } from '../services/shell.ts';

// Simulates a developer who adds a connector to a clone of this repository.
const root = resolve(import.meta.dirname, '../..');
const ARIES = 'npx aries';

let clone: string;
let shell: Shell;

beforeAll(async () => {
  clone = join(await temporaryFolder(), 'aries');
  await promisify(execFile)('git', ['clone', '-q', root, clone]);
  shell = openShell({ cwd: clone, env: { NODE_OPTIONS: `--import=${await githubStub()}` } });
  await shell.run('npx --yes pnpm@12 install');
});

test.each(['api', 'database', 'file', 'transform', 'destination'])('a new %s: the next commands work', async (kind) => {
  const { stdout } = await shell.run(`${ARIES} new connector fresh-${kind} --template ${kind}`);
  const { next } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  expect(next.length).toBeGreaterThanOrEqual(3);
  for (const command of next) await shell.run(command);
});

test('a new pipeline: the three commands work', async () => {
  const { stdout } = await shell.run(`${ARIES} new pipeline fresh`);
  const { next } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  expect(next).toHaveLength(3);
  let shown = '';
  for (const command of next) shown = (await shell.run(command)).stdout;
  expect(shown).toContain('"customer":"Grace"');
});

test('all of them pass the checks of the repository once the docs list them', async () => {
  await shell.run('npx --yes pnpm@12 exec node scripts/generate-docs.ts');
  for (const check of [
    'biome check --error-on-warnings',
    'tsc -p tsconfig.json',
    'knip',
    'node scripts/check-layers.ts',
    'node scripts/generate-docs.ts --check',
  ])
    await shell.run(`npx --yes pnpm@12 exec ${check}`);
});
