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
  expect(stdout).toContain('publint and attw found no fault.');
  expect(stdout).toMatch(/^Installed in an empty folder: aries --version says \S+, aries extract staged 3 records\.$/m);
  expect(stdout).toMatch(/^\| @aries-data\/sdk \|/m);
  expect(stdout.trimEnd()).toMatch(/Nothing was published: this was a dry run\.$/);
});
