import { expect, test } from 'vitest';
import { entryOf, isConnectorPackage, shortName, subpathsOf } from './package-json.ts';

test.each([
  [{}, './index.js'],
  [{ main: './main.js' }, './main.js'],
  [{ exports: './a.js' }, './a.js'],
  [{ exports: { types: './a.d.ts', import: './a.mjs', require: './a.cjs' } }, './a.mjs'],
  [{ exports: { '.': { types: './a.d.ts', default: './a.js' }, './b': './b.js' } }, './a.js'],
  [{ exports: { '.': { browser: './web.js', node: { require: './a.cjs', default: './a.js' } } } }, './a.js'],
  [{ exports: { '.': [{ unknown: './x.js' }, './a.js'] } }, './a.js'],
  [{ exports: { './b': './b.js' }, main: './main.js' }, undefined],
])('the entry of %j is %s', (manifest, expected) => {
  expect(entryOf(manifest, '.')).toBe(expected);
});

test('only named subpaths are found', () => {
  const manifest = {
    exports: { '.': './a.js', './select': { default: './select.js' }, './package.json': './package.json' },
  };
  expect(entryOf(manifest, './select')).toBe('./select.js');
  expect(entryOf(manifest, './toString')).toBeUndefined();
  expect(entryOf({}, './select')).toBeUndefined();
  expect(subpathsOf(manifest)).toEqual(['select']);
});

test('a connector is recognised by its keyword and has a short name', () => {
  expect(isConnectorPackage({ keywords: ['aries-connector'] })).toBe(true);
  expect(isConnectorPackage({})).toBe(false);
  expect(shortName('@aries-data/connector-postgres')).toBe('postgres');
  expect(shortName('aries-connector-github')).toBe('github');
  expect(shortName('@acme/orders')).toBe('@acme/orders');
});
