import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareNames } from '../locations/compare-names.ts';
import { type Entry, ListWriter, readList, versionDigest } from './file-list.ts';

function written(entries: Iterable<Entry>): Buffer {
  const list = new ListWriter();
  for (const entry of entries) list.add(entry);
  return list.end();
}

const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'b', '/', '=', '\n', 'é', '\u{e000}', '😀'), maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }).map((text) => text.toWellFormed()),
);
const entries = fc.dictionary(name, fc.nat(), { maxKeys: 50, noNullPrototype: true }).map((versions) =>
  Object.entries(versions)
    .map(([name, version]) => ({ name, version: versionDigest(String(version)) }))
    .sort((a, b) => compareNames(a.name, b.name)),
);

test('a list is read back as it was written', () => {
  fc.assert(
    fc.property(entries, (list) => {
      expect([...readList(written(list))]).toEqual(list);
    }),
    { numRuns: 500 },
  );
});

test('also one of many blocks, in about ten bytes a file', () => {
  const list = Array.from({ length: 100_000 }, (_, index) => ({
    name: `s3://bucket/events/2026/11/${String(index).padStart(9, '0')}-part.ndjson.gz`,
    version: versionDigest(String(index)),
  }));
  const bytes = written(list);
  expect(bytes.length / list.length).toBeLessThan(11);
  let count = 0;
  for (const { name, version } of readList(bytes)) {
    if (name !== list[count]?.name || version !== list[count]?.version) break;
    count++;
  }
  expect(count).toBe(list.length);
});

test('files must be added in order of name, each once', () => {
  for (const names of [
    ['b', 'a'],
    ['a', 'a'],
  ]) {
    expect(() => written(names.map((name) => ({ name, version: versionDigest('1') })))).toThrow('not listed in order');
  }
});

test('a list that was truncated or changed is refused, or names other files in order', () => {
  const list = ['a/1.csv', 'a/2.csv', 'b/1.csv'].map((name) => ({ name, version: versionDigest(name) }));
  const bytes = written(list);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
      const changed = Buffer.from(cut ? bytes.subarray(0, at) : bytes);
      if (!cut) changed[at]! ^= flip;
      let found: Entry[];
      try {
        found = [...readList(changed)];
      } catch (error) {
        expect(error).toMatchObject({ code: 'DATASET_CORRUPT', message: expect.stringContaining('is not valid: ') });
        return;
      }
      expect(found.toSorted((a, b) => compareNames(a.name, b.name))).toEqual(found);
    }),
    { numRuns: 500 },
  );
});

test.each<[string, number[]]>([
  ['a name longer than the block', [0, 200, 1, 97]],
  ['a name that shares more than there is', [5, 1, 97, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['a number without an end', [255, 255, 255, 255, 255]],
  ['files out of order', [...[0, 1, 98], ...Array(8).fill(0), ...[0, 1, 97], ...Array(8).fill(0)]],
  ['no version', [0, 1, 98, 0, 0]],
])('%s is refused', (_, block) => {
  const compressed = zstdCompressSync(Buffer.from(block));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(compressed.length);
  const list = Buffer.concat([written([]), length, compressed]);
  expect(() => [...readList(list)]).toThrow(/^The list of files that were read is not valid: /);
});

test('a block that grows without bounds is not decompressed', () => {
  const compressed = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(compressed.length);
  expect(() => [...readList(Buffer.concat([written([]), length, compressed]))]).toThrow('is not valid');
});
