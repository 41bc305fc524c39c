import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { validateWorkflow } from '@action-validator/core';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { whyNotPublish } from '../scripts/packages/publish.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '..');

interface Workflow {
  permissions: object;
  jobs: Record<string, { permissions?: Record<string, string>; steps: { uses?: string }[] }>;
}

test.each(['ci', 'release'])('%s.yml is a workflow by the schema, with rights for each job alone', (name) => {
  const text = readFileSync(join(root, `.github/workflows/${name}.yml`), 'utf8');
  expect(validateWorkflow(text).errors).toEqual([]);
  expect(validateWorkflow(text.replace('runs-on', 'run-son')).errors).not.toEqual([]);
  expect((parse(text) as Workflow).permissions).toEqual({ contents: 'read' });
});

test('a release asks for an identity only where npm and cosign sign, and runs the code of others by its commit', () => {
  const { jobs } = parse(readFileSync(join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow;
  const signing = Object.entries(jobs).filter(([, { permissions }]) => permissions?.['id-token'] === 'write');
  expect(signing.map(([name]) => name)).toEqual(['packages', 'signed']);
  const others = Object.values(jobs)
    .flatMap(({ steps }) => steps.flatMap(({ uses }) => uses ?? []))
    .filter((uses) => !uses.startsWith('actions/'));
  expect(others.length).toBeGreaterThan(0);
  for (const uses of others) expect(uses).toMatch(/@[0-9a-f]{40}$/);
});

test('images of two platforms are joined under one name, and signed by digest', async () => {
  const folder = await temporaryFolder();
  const log = join(folder, 'log');
  for (const [name, answer] of [
    ['docker', 'case "$3" in inspect) echo sha256:0123;; esac'],
    ['cosign', ''],
  ]) {
    await writeFile(join(folder, name!), `#!/bin/sh\necho "${name} $*" >> "${log}"\n${answer}\n`);
    await chmod(join(folder, name!), 0o755);
  }
  const flags = ['--prefix', 'ghcr.io/some/', '--tag', '1.2.3', '--platforms', 'amd64,arm64'];
  await run(process.execPath, [join(root, 'docker/join-platforms.ts'), ...flags], {
    env: { ...process.env, PATH: [folder, process.env.PATH].join(delimiter) },
  });
  const calls = (await readFile(log, 'utf8')).trim().split('\n');
  expect(calls.slice(0, 6)).toEqual([
    'docker buildx imagetools create --tag ghcr.io/some/aries-data:1.2.3 --tag ghcr.io/some/aries-data ghcr.io/some/aries-data:1.2.3-amd64 ghcr.io/some/aries-data:1.2.3-arm64',
    'docker buildx imagetools inspect --format {{.Manifest.Digest}} ghcr.io/some/aries-data:1.2.3',
    'cosign sign --yes --recursive ghcr.io/some/aries-data@sha256:0123',
    'docker buildx imagetools create --tag ghcr.io/some/aries-data:1.2.3-core --tag ghcr.io/some/aries-data:core ghcr.io/some/aries-data:1.2.3-amd64-core ghcr.io/some/aries-data:1.2.3-arm64-core',
    'docker buildx imagetools inspect --format {{.Manifest.Digest}} ghcr.io/some/aries-data:1.2.3-core',
    'cosign sign --yes --recursive ghcr.io/some/aries-data@sha256:0123',
  ]);
  expect(calls.filter((call) => call.startsWith('cosign'))).toHaveLength(12);
});

test('actionlint finds nothing in the workflows', async ({ skip }) => {
  const workflows = ['ci', 'release'].map((name) => join(root, `.github/workflows/${name}.yml`));
  const { stdout } = await run('actionlint', workflows).catch((error) => {
    if (error.code === 'ENOENT') skip('this machine has no actionlint');
    throw new Error(error.stdout);
  });
  expect(stdout).toBe('');
});

const one = {
  name: '@aries-data/one',
  version: '1.0.0',
  folder: 'one',
  isCommand: false,
  needs: [],
  repository: undefined,
};
const workflow = {
  GITHUB_ACTIONS: 'true',
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://example.com',
  GITHUB_REPOSITORY: 'some/aries',
};

test('nothing is published outside a workflow that has an identity', () => {
  expect(whyNotPublish([one], {})).toMatchInlineSnapshot(`
    "Packages are published only by the release workflow on GitHub, where npm can attest what they were built from.
    To do everything but publish: pnpm release --dry-run"
  `);
  expect(whyNotPublish([one], { CI: 'true', GITHUB_ACTIONS: 'true' })).toBe(whyNotPublish([one], {}));
});

test('nothing is published whose repository is not the workflow’s', () => {
  expect(whyNotPublish([one], workflow)).toMatchInlineSnapshot(`
    "npm refuses the provenance of packages that do not name their repository: @aries-data/one.
    Add to each package.json: "repository": { "type": "git", "url": "git+https://github.com/some/aries.git" }"
  `);
  const named = { ...one, repository: 'git+https://github.com/some/aries.git' };
  expect(whyNotPublish([named], workflow)).toBeUndefined();
  expect(whyNotPublish([named, one], workflow)).toBe(whyNotPublish([one], workflow));
});
