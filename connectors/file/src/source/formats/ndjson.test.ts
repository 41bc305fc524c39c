import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { folderWith, read } from '../../testing/read.ts';

test.each([
  ['line feeds', '{"a":1}\n{"a":2}\n'],
  ['no line feed at the end', '{"a":1}\n{"a":2}'],
  ['CRLF, blank lines, a byte order mark', '\u{feff}{"a":1}\r\n\r\n  \r\n{"a":2}\r\n'],
])('%s', async (_, text) => {
  const folder = await folderWith({ 'x.ndjson': text });
  expect(await read({ url: `${folder}/x.ndjson` })).toMatchObject({ texts: ['{"a":1}', '{"a":2}'], rejected: [] });
});

test('a line that is not a record is rejected with its number and text, and reading continues', async () => {
  const lines = ['{"a":1}', '{"a":2', '', '[1]', '"x"', '{"a":1,"b":2,"a":3}', '{"a":4} {"a":5}', 'null', '{"a":6}'];
  const folder = await folderWith({ 'x.ndjson': `${lines.join('\n')}\n` });
  const { texts, rejections } = await read({ url: `${folder}/x.ndjson` });
  expect(texts).toEqual(['{"a":1}', '{"a":6}']);
  expect(
    rejections.map(({ origin, reason, record }) => `${origin.slice(folder.length + 1)} ${record} ${reason}`),
  ).toMatchInlineSnapshot(`
    [
      "x.ndjson:2 {"a":2 it is not JSON: Expected ',' or '}' after property value in JSON at position 6",
      "x.ndjson:4 [1] expected an object, found an array",
      "x.ndjson:5 "x" expected an object, found a string",
      "x.ndjson:6 {"a":1,"b":2,"a":3} the name "a" occurs twice in one object",
      "x.ndjson:7 {"a":4} {"a":5} it is not JSON: Unexpected non-whitespace character after JSON at position 8",
      "x.ndjson:8 null expected an object, found null",
    ]
  `);
});

test('numbers, names and text stay exact', async () => {
  const lines = ['{"a":12345678901234567890,"b":1e400}', '{"__proto__":{"x":1},"A":1,"a":2}', '{"a":[],"b":"\\ud800"}'];
  const folder = await folderWith({ 'x.ndjson': lines.join('\n') });
  expect((await read({ url: `${folder}/x.ndjson` })).texts).toEqual(lines);
});

test('lines that are not UTF-8 or too long are rejected in their place', async () => {
  const bytes = Buffer.from(`{"a":1}\n{"a":"?"}\n{"a":2}\n{"a":"${'x'.repeat(200)}"}\n{"a":3}\n`);
  bytes[bytes.indexOf('?')] = 0xff;
  const folder = await folderWith({ 'x.ndjson': bytes });
  const { texts, rejected } = await read({ url: `${folder}/x.ndjson`, maxRecordBytes: 100 });
  expect(texts).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
  expect(rejected).toEqual([`${folder}/x.ndjson:2: not UTF-8`, `${folder}/x.ndjson:4: longer than 100 bytes`]);
});

test('an empty file has no records', async () => {
  const folder = await folderWith({ 'x.ndjson': '' });
  expect(await read({ url: `${folder}/x.ndjson` })).toMatchObject({ records: [], rejected: [] });
});

test('other encodings', async () => {
  const folder = await folderWith({
    'x.ndjson': Buffer.from('\u{feff}{"a":"é😀"}\n{"a":"?"}\n', 'utf16le'),
    'y.ndjson': Buffer.from('{"a":"é"}\n', 'latin1'),
  });
  expect((await read({ url: `${folder}/x.ndjson`, encoding: 'utf-16le' })).texts).toEqual(['{"a":"é😀"}', '{"a":"?"}']);
  expect((await read({ url: `${folder}/y.ndjson`, encoding: 'latin1' })).texts).toEqual(['{"a":"é"}']);
});

describe('an interrupted read resumes at any checkpoint', () => {
  const lines = Array.from({ length: 40_000 }, (_, index) =>
    index % 1000 === 7 ? 'broken' : JSON.stringify({ index, text: 'é'.repeat(20) }),
  );
  const text = `${lines.join('\n')}\n`;

  test.each([
    ['stored as it is', 'x.ndjson', Buffer.from(text), 'utf-8'],
    ['gz', 'x.ndjson.gz', gzipSync(text), 'utf-8'],
    ['zst', 'x.ndjson.zst', zstdCompressSync(text), 'utf-8'],
    ['another encoding', 'x.ndjson', Buffer.from(text, 'latin1'), 'latin1'],
  ] as const)('%s', async (_, name, bytes, encoding) => {
    const folder = await folderWith({ [name]: bytes });
    const config = { url: `${folder}/${name}`, encoding };
    const whole = await read(config);
    expect(whole.records).toHaveLength(39_960);
    expect(whole.checkpoints.length).toBeGreaterThan(3);
    for (const { position, after } of whole.checkpoints) {
      const rest = await read(config, { position });
      expect(rest.records.length + rest.rejected.length).toBe(40_000 - after);
      expect(rest.texts).toEqual(whole.texts.slice(whole.texts.length - rest.texts.length));
      expect(rest.rejected).toEqual(whole.rejected.slice(whole.rejected.length - rest.rejected.length));
    }
  });
});

test('other white space stays in text; lines that end in a carriage return alone are rejected with a hint', async () => {
  const folder = await folderWith({
    'x.ndjson': '{"a":"\u{2028}\u{85}\u{feff}"}\n{"a":1}\u{85}\n',
    'y.ndjson': '{"a":1}\r{"a":2}\r',
  });
  const { texts, rejected } = await read({ url: `${folder}/x.ndjson` });
  expect(texts).toEqual([JSON.stringify({ a: '\u{2028}\u{85}\u{feff}' })]);
  expect(rejected).toHaveLength(1);
  const { rejected: both } = await read({ url: `${folder}/y.ndjson` });
  expect(both).toEqual([expect.stringContaining('carriage return alone, set "format" to json')]);
  expect((await read({ url: `${folder}/y.ndjson`, format: 'json' })).texts).toEqual(['{"a":1}', '{"a":2}']);
});
