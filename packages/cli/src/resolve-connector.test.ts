import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/folders/temporary-folder.ts';
import { resolveConnector } from './resolve-connector.ts';

async function folder(files: Record<string, string | object>): Promise<string> {
  const root = await realpath(await temporaryFolder());
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return root;
}

const connector = (name: string, more: object = {}) => ({
  name,
  version: '1.2.3',
  keywords: ['aries-connector'],
  exports: './index.js',
  ...more,
});

test('a path is a file, or a folder with a package.json', async () => {
  const root = await folder({
    'clean.ts': '',
    'mine/package.json': connector('aries-connector-mine'),
    'mine/index.js': '',
    'mine/src/other.ts': '',
    'empty/x': '',
  });
  expect(resolveConnector('./clean.ts', root)).toEqual({
    file: join(root, 'clean.ts'),
    name: 'clean',
    version: '0.0.0',
  });
  expect(resolveConnector('clean.ts', root).file).toBe(join(root, 'clean.ts'));
  expect(resolveConnector(`file://${root}/clean.ts`, '/').file).toBe(join(root, 'clean.ts'));
  expect(resolveConnector('./mine', root)).toEqual({
    file: join(root, 'mine/index.js'),
    name: 'mine',
    version: '1.2.3',
  });
  expect(resolveConnector('./mine/src/other.ts', root)).toMatchObject({ name: 'mine', version: '1.2.3' });
  expect(() => resolveConnector('./empty', root)).toThrow('The folder ./empty has no package.json');
});

test('a name is an installed package, by its short or full name', async () => {
  const root = await folder({
    'node_modules/aries-connector-github/package.json': connector('aries-connector-github'),
    'node_modules/@aries-data/connector-mysql/package.json': connector('@aries-data/connector-mysql'),
    'node_modules/@acme/orders/package.json': connector('@acme/orders', {
      exports: { '.': { default: './dist/index.js' } },
    }),
    'node_modules/redis/package.json': { name: 'redis', version: '5.0.0' },
    'deep/er/x': '',
  });
  expect(resolveConnector('github', root)).toEqual({
    file: join(root, 'node_modules/aries-connector-github/index.js'),
    name: 'github',
    version: '1.2.3',
  });
  expect(resolveConnector('mysql', join(root, 'deep/er')).name).toBe('mysql');
  expect(resolveConnector('@acme/orders', root)).toMatchObject({
    file: join(root, 'node_modules/@acme/orders/dist/index.js'),
    name: '@acme/orders',
  });
  expect(() => resolveConnector('redis', root)).toThrow('There is no connector "redis"');
});

test('what is installed with aries is found from any folder, built-in transforms first', async () => {
  expect(resolveConnector('select', '/')).toMatchObject({ name: 'select' });
  expect(resolveConnector('postgres', '/')).toMatchObject({ name: 'postgres' });
  const root = await folder({
    'node_modules/@aries-data/connector-select/package.json': connector('@aries-data/connector-select'),
  });
  expect(resolveConnector('select', root).file).toContain('transforms');
});

test('without a name, it is the connector of the current folder', async () => {
  const root = await folder({ 'package.json': connector('aries-connector-mine'), 'index.js': '', 'src/x': '' });
  expect(resolveConnector(undefined, join(root, 'src'))).toMatchObject({ name: 'mine', file: join(root, 'index.js') });
  const other = await folder({ 'package.json': { name: 'my-app' } });
  expect(() => resolveConnector(undefined, other)).toThrow('No connector was given, and this folder is not one');
});

test('an unknown name or path gets a suggestion', async () => {
  const root = await folder({
    'node_modules/aries-connector-github/package.json': connector('aries-connector-github'),
    'cleaning.ts': '',
  });
  expect(errorOf(() => resolveConnector('githup', root))).toEqual({
    code: 'CONNECTOR_NOT_FOUND',
    message: 'There is no connector "githup"',
    hint: 'Did you mean github?',
  });
  expect(errorOf(() => resolveConnector('xxxxxxxxxxxxxxx', root)).hint).toMatch(
    /^Installed connectors: .*\bgithub\b.*\bselect\b.* To install another: npm install @aries-data\/connector-x{15}$/,
  );
  expect(errorOf(() => resolveConnector('./cleanin.ts', root))).toMatchObject({
    code: 'CONNECTOR_NOT_FOUND',
    hint: expect.stringMatching(/^Did you mean .*cleaning\.ts\?$/),
  });
});

function errorOf(work: () => unknown): { code: string; message: string; hint: string } {
  try {
    work();
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string };
    return { code, message, hint };
  }
  throw new Error('nothing was thrown');
}

test('a package runs from its sources during development, and from its build when installed', async () => {
  const exports = { '.': { types: './dist/index.d.ts', 'aries-source': './src/index.ts', default: './dist/index.js' } };
  const manifest = connector('aries-connector-mine', { exports });
  const root = await folder({
    'mine/package.json': manifest,
    'mine/src/index.ts': '',
    'unpacked/package.json': manifest,
    'node_modules/aries-connector-mine/package.json': manifest,
    'node_modules/aries-connector-mine/src/index.ts': '',
  });
  expect(resolveConnector('./mine', root).file).toBe(join(root, 'mine/src/index.ts'));
  expect(resolveConnector(undefined, join(root, 'mine/src')).file).toBe(join(root, 'mine/src/index.ts'));
  expect(resolveConnector('./unpacked', root).file).toBe(join(root, 'unpacked/dist/index.js'));
  expect(resolveConnector('mine', root).file).toBe(join(root, 'node_modules/aries-connector-mine/dist/index.js'));
});
