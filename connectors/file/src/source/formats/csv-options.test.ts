import { extract, openDataset } from '@aries-data/engine';
import { describe, expect, test } from 'vitest';
import type { SourceConfig } from '../../config.ts';
import { contextOf, failure, folderWith, read } from '../../testing/read.ts';
import { readFiles } from '../read-files.ts';
import { source } from '../source.ts';

async function csv(text: string, config: Partial<SourceConfig> = {}) {
  const folder = await folderWith({ 'x.csv': text });
  const { texts, rejected } = await read({ url: `${folder}/x.csv`, ...config });
  return [...texts, ...rejected.map((line) => line.slice(folder.length + 1))];
}

describe('lines before the header', () => {
  const preamble = 'Report of May\n"made by, x\n\nid,name\n1,a\n';

  test('skipLines skips lines with any content', async () => {
    expect(await csv(preamble, { skipLines: 3 })).toEqual(['{"id":1,"name":"a"}']);
    expect(await csv(preamble.replaceAll('\n', '\r\n'), { skipLines: 3 })).toEqual(['{"id":1,"name":"a"}']);
    expect(await csv(`${preamble}2\n`, { skipLines: 3 })).toEqual([
      '{"id":1,"name":"a"}',
      'x.csv:6: it has 1 cell, the header has 2',
    ]);
    expect(await csv('a\nb', { skipLines: 5 })).toEqual([]);
  });

  test('skipLines applies to each file', async () => {
    const folder = await folderWith({ 'a.csv': preamble, 'b.csv': preamble.replace('1,a', '2,b') });
    expect((await read({ url: `${folder}/*.csv`, skipLines: 3 })).texts).toEqual([
      '{"id":1,"name":"a"}',
      '{"id":2,"name":"b"}',
    ]);
  });

  test('a first line sep=; sets the delimiter, unless the config does', async () => {
    expect(await csv('sep=;\nid;name\n1;a,b\n')).toEqual(['{"id":1,"name":"a,b"}']);
    expect(await csv('sep=;\r\nid;name\r\n1;a\r\n2\r\n', { delimiter: ';' })).toEqual([
      '{"id":1,"name":"a"}',
      'x.csv:4: it has 1 cell, the header has 2',
    ]);
    expect(await csv('SEP=\t\nid\tname\n1\ta\n')).toEqual(['{"id":1,"name":"a"}']);
    expect(await csv('sep=;\n1,a\n', { delimiter: ',', header: ['x', 'y'] })).toEqual(['{"x":1,"y":"a"}']);
    expect(await csv('sep,x\nsep=;,2\n')).toEqual(['{"sep":"sep=;","x":2}']);
  });
});

describe('comments', () => {
  const config = { comment: '#' };

  test('are skipped between rows but not inside them', async () => {
    expect(await csv('# made by "x"\nid,name\n#1,b\n1,#a\n2,"x\n# y"\n#\n3\n# end', config)).toEqual([
      '{"id":1,"name":"#a"}',
      '{"id":2,"name":"x\\n# y"}',
      'x.csv:8: it has 1 cell, the header has 2',
    ]);
    expect(await csv('id,name\n#1,b\n')).toEqual(['{"id":"#1","name":"b"}']);
    expect(await csv('id\n#\n\n//\n//x', { comment: '//' })).toEqual(['{"id":"#"}', '{"id":null}']);
  });
});

describe('quotes that break the rules', () => {
  test.each([
    ['1,12" pipe', '12" pipe'],
    ['1,"C" St - West', '"C" St - West'],
    ['1,"a, b" c', '"a, b" c'],
    ['1,"say ""x"" to" me', '"say ""x"" to" me'],
    ['1,"never closed', '"never closed'],
    ['1,"fine, ""too"""', 'fine, "too"'],
    ['1,a""b', 'a""b'],
  ])('%j', async (row, text) => {
    const expected = [`{"id":1,"name":${JSON.stringify(text)}}`, '{"id":2,"name":"ok"}'];
    expect(await csv(`id,name\n${row}\n2,ok\n`, { relaxQuotes: true })).toEqual(expected);
    expect(await csv(`id;name\n${row.replaceAll(',', ';')}\n2;ok\n`, { relaxQuotes: true, delimiter: ';' })).toEqual(
      expected.map((line) => line.replaceAll(/(?<=[a-z]), /g, '; ')),
    );
  });

  test('a quote that is closed on another line is not a quote', async () => {
    expect(await csv('id,name\n1,5" x\n2,"6 inch\n3,"7" inch\n4,"ok"\n', { relaxQuotes: true })).toEqual([
      '{"id":1,"name":"5\\" x"}',
      '{"id":2,"name":"\\"6 inch"}',
      '{"id":3,"name":"\\"7\\" inch"}',
      '{"id":4,"name":"ok"}',
    ]);
  });
});

describe('rows of another length', () => {
  test('are padded, or lose empty cells at their end', async () => {
    expect(await csv('a,b,c\n1\n1,2,3,,\n1,2,3,"",\n1,2,3,4\n\n1,2,3,,5\n', { ragged: 'pad' })).toEqual([
      '{"a":1,"b":null,"c":null}',
      '{"a":1,"b":2,"c":3}',
      '{"a":1,"b":2,"c":3}',
      'x.csv:5: it has 4 cells, the header has 3',
      'x.csv:7: it has 5 cells, the header has 3',
    ]);
  });
});

test('trim removes spaces and tabs around cells but not inside quotes', async () => {
  expect(await csv(' id , name\n 1 ,\ta b \n2, " x " \n  \n3,""\n 4,\n', { trim: true })).toEqual([
    '{"id":1,"name":"a b"}',
    '{"id":2,"name":" x "}',
    '{"id":3,"name":""}',
    '{"id":4,"name":null}',
  ]);
  expect(await csv('id\tname\n 1\t\n', { trim: true, delimiter: '\t' })).toEqual(['{"id":1,"name":null}']);
});

test('unquoted nulls are null and do not make a column text', async () => {
  expect(await csv('a,b\nNA,"NA"\n1,\n,-\n', { nulls: ['NA', '-', ''] })).toEqual([
    '{"a":null,"b":"NA"}',
    '{"a":1,"b":null}',
    '{"a":null,"b":null}',
  ]);
});

describe('names in place of the header', () => {
  test('headerRow', async () => {
    const config = { header: ['x', 'y'] };
    expect(await csv('a,a\n1,2\n', { ...config, headerRow: 'replace' })).toEqual(['{"x":1,"y":2}']);
    expect(await csv('\n"a\nb",c\n1\n', { ...config, headerRow: 'replace' })).toEqual([
      'x.csv:4: it has 1 cell, "header" names 2',
    ]);
    expect(await csv('a,a\n', config)).toEqual(['{"x":"a","y":"a"}']);
    expect(await failure(csv('a,b,c\n1,2,3\n', { ...config, headerRow: 'replace' }))).toMatch(
      /^DATA_INVALID: .*x\.csv:1: the header has 3 columns, but "header" lists 2 — List every column/,
    );
  });

  test('needs names', () => {
    expect(source.config.safeParse({ url: 'x', headerRow: 'replace' }).success).toBe(false);
  });
});

test('a delimiter written as a backslash and a t is a tab', async () => {
  expect(await csv('a\tb\n1\tx\\t\n', { delimiter: '\\t' })).toEqual(['{"a":1,"b":"x\\\\t"}']);
});

test.each([
  ['id;name\n1;a\n', ';'],
  ['id\tname\n1\ta\n', '\t'],
  ['id|name\n1|a\n', '|'],
  ['id,name\n1,a\n', undefined],
  ['id\n1\n', undefined],
])('%j: a single column whose name holds a delimiter draws one warning', async (text, missed) => {
  const folder = await folderWith({ 'a.csv': text, 'b.csv': text });
  const warnings: string[] = [];
  const context = contextOf({ url: `${folder}/*.csv` });
  const log = { ...context.log, warn: (message: string) => warnings.push(message) };
  await Array.fromAsync(readFiles({ ...context, log }));
  const name = JSON.stringify(text.split('\n')[0]);
  expect(warnings).toEqual(
    missed === undefined
      ? []
      : [
          `${folder}/a.csv has a single column, ${name}: if the file uses another delimiter, set "delimiter" to ${JSON.stringify(missed)}`,
        ],
  );
});

describe('files without rows', () => {
  async function schemaOf(files: Record<string, string>) {
    const folder = await folderWith(files);
    const result = await extract({
      source: { connector: { name: 'file', version: '0.0.0', source }, config: { url: `${folder}/*`, stream: 'x' } },
      staging: await folderWith({}),
      name: 'x',
      runId: '1',
    });
    const { manifest, store } = await openDataset(result.dataset);
    await store.close();
    return { columns: manifest.streams.x?.schema.properties, records: manifest.streams.x?.counts.staged };
  }

  test('a header alone sets the columns', async () => {
    const columns = { id: { type: 'null' }, name: { type: 'null' } };
    for (const text of ['id,name', 'id,name\n', '\u{feff}id,name\r\n\r\n'])
      expect(await schemaOf({ 'x.csv': text })).toEqual({ columns, records: 0 });
  });

  test('next to files with rows', async () => {
    expect(await schemaOf({ 'a.csv': 'id,name\n', 'b.csv': 'id,day\n1,2026-01-31\n' })).toEqual({
      columns: { id: { type: 'integer' }, name: { type: 'null' }, day: { type: 'string', format: 'date' } },
      records: 1,
    });
  });

  test.each(['', '\n\n', '\r\n', '\u{feff}'])('%j has no columns either', async (text) => {
    expect(await schemaOf({ 'x.csv': text })).toEqual({ columns: {}, records: 0 });
  });
});

test('a header of 100,000 columns is read in linear time', async () => {
  const columns = Array.from({ length: 100_000 }, (_, index) => `c${index}`);
  const row = columns.map((_, index) => index).join(',');
  const folder = await folderWith({ 'x.csv': `${columns.join(',')}\n${row}\n${row}\n` });
  const { records } = await read({ url: `${folder}/x.csv` });
  expect(records.map((record) => Object.keys(record as object).length)).toEqual([100_000, 100_000]);
  expect(records[1]).toMatchObject({ c0: 0, c99999: 99_999 });
});
