import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

test('a release without publishing packs, checks, installs and lists all packages', async () => {
  const { stdout } = await promisify(execFile)('npx', ['--yes', 'pnpm@12', '--silent', 'release', '--dry-run'], {
    cwd: root,
    maxBuffer: 1 << 25,
  });
  expect(stdout).toContain('publint and attw found no faults.');
  expect(stdout).toContain('aries --version and aries extract work when installed in an empty folder.');
  expect(stdout).toContain('all valid against the CycloneDX schema.');
  expect(stdout).toMatch(/^\| @aries-data\/sdk \|/m);
  expect(stdout.trimEnd()).toMatch(/Nothing was published: this was a dry run\.$/);
});
