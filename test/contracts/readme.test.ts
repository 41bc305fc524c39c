import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');

test('README.md lists only existing files, and every test in this folder', () => {
  const table = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8').match(/^\|.*\|$/gm) ?? [];
  const named = table.flatMap((row) => [...row.matchAll(/[\w./-]+\.ts\b/g)].map(([path]) => path));
  expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const here = globSync('test/contracts/*.test.ts', { cwd: ROOT }).filter((path) => !path.endsWith('readme.test.ts'));
  expect(here.filter((path) => !named.includes(path))).toEqual([]);
  expect(here).not.toEqual([]);
});

test('every golden file is written by a test in this folder', () => {
  const tests = globSync('*.test.ts', { cwd: import.meta.dirname }).map((path) =>
    readFileSync(join(import.meta.dirname, path), 'utf8'),
  );
  const files = globSync('**/*.*', { cwd: join(import.meta.dirname, 'golden') });
  const isMade = (file: string) => {
    const [folder = '', name = ''] = file.includes('/') ? file.split('/') : ['', file];
    // A spec is named after its connector.
    if (folder === 'spec') return existsSync(join(ROOT, 'connectors', name.replace('.json', ''))) || isTransform(name);
    return tests.some(
      (text) => text.includes(`golden/${file}`) || (text.includes(`'${folder}'`) && text.includes(`'${name}'`)),
    );
  };
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => !isMade(file))).toEqual([]);
});

function isTransform(name: string): boolean {
  return existsSync(join(ROOT, 'connectors/transforms/src', name.replace('.json', '.ts')));
}
