import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { bundlePackage } from '../scripts/packages/bundle-package.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const root = resolve(import.meta.dirname, '..');

async function bundled(folder: string): Promise<string> {
  const into = await temporaryFolder();
  await bundlePackage(join(root, folder), into);
  return into;
}

/** Lists what loading a file loads: its own files, and the packages that they import. */
async function loadedBy(file: string, found = new Set<string>()): Promise<string[]> {
  found.add(file);
  const text = await readFile(file, 'utf8');
  for (const [, specifier = ''] of text.matchAll(/^(?:import|export) ?(?:[^'"]*? from ?)?["']([^"']+)["'];?$/gm)) {
    if (!specifier.startsWith('.')) found.add(specifier);
    else if (!found.has(join(dirname(file), specifier))) await loadedBy(join(dirname(file), specifier), found);
  }
  return [...found];
}

test.each([
  ['packages/sdk', 5],
  ['packages/formats', 5],
  ['packages/stores', 5],
  ['packages/engine', 5],
])('%s is loaded in few files', async (folder, most) => {
  const into = await bundled(folder);
  const files = await loadedBy(join(into, 'index.js'));
  expect(files.filter((file) => file.startsWith(into)).length).toBeLessThanOrEqual(most);
});

test('the client of S3 and YAML are loaded only when something needs them', async () => {
  const packages = await Promise.all(
    ['packages/stores', 'packages/engine', 'packages/formats'].map(async (folder) =>
      loadedBy(join(await bundled(folder), 'index.js')),
    ),
  );
  const specifiers = packages.flat().filter((one) => !one.startsWith('/'));
  expect(specifiers).toContain('@aries-data/sdk');
  expect(specifiers.filter((one) => /^@aws-sdk|^yaml$/.test(one))).toEqual([]);
});

test('reading files loads neither the writing half of the connector nor its parsers of JSON and encodings', async () => {
  const loaded = await loadedBy(join(await bundled('connectors/file'), 'index.js'));
  expect(loaded).toContain('@aries-data/sdk');
  expect(loaded.filter((one) => /^(csv-stringify|stream-json|stream-chain|iconv-lite)/.test(one))).toEqual([]);
});

test('both entry points of a package share their modules', async () => {
  const into = await bundled('packages/sdk');
  const [index, internal] = await Promise.all(['index.js', 'internal.js'].map((file) => loadedBy(join(into, file))));
  const errors = async (file: string) =>
    file.startsWith(into) && /AriesError = class|class AriesError/.test(await readFile(file, 'utf8'));
  const defining = async (files: string[] = []) => {
    const found = await Promise.all(files.map(errors));
    return files.filter((_, index) => found[index]);
  };
  expect(await defining(index)).toHaveLength(1);
  expect(await defining(internal)).toEqual(await defining(index));
});
