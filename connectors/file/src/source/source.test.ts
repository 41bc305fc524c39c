import { readFile } from 'node:fs/promises';
import { extract, readDataset } from '@aries-data/engine';
import { inferred, type RecordSchema } from '@aries-data/sdk';
import { noHttp, readAll } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { failure, folderWith, silent } from '../testing/read.ts';
import { source } from './source.ts';

test('one stream, named after the file or by the config, with an inferred schema', async () => {
  const streams = async (config: object) => {
    const ctx = {
      config: source.config.parse(config),
      log: silent,
      http: noHttp,
      signal: new AbortController().signal,
    };
    return source.streams({ ...ctx, stream: (definition) => definition as never });
  };
  expect(Object.keys(await streams({ url: 'data/cities.json.gz' }))).toEqual(['cities']);
  expect(await streams({ url: '*.csv', stream: 'towns' })).toMatchObject({ towns: { schema: inferred } });
});

test('check reads the beginning of every file', async () => {
  const folder = await folderWith({ 'a.csv': 'x', 'b.csv': 'x' });
  const check = (url: string) =>
    source.check!({
      config: source.config.parse({ url }),
      log: silent,
      http: noHttp,
      signal: new AbortController().signal,
    });
  expect(await failure(check(`${folder}/*.csv`))).toBe('no failure');
  expect(await failure(check(`${folder}/c.csv`))).toBe(
    `NOT_FOUND: ${folder}/c.csv does not exist — Check the url in the config; a path is relative to the working directory.`,
  );
});

test.each<[object, string]>([
  [{}, 'url is required'],
  [{ url: '' }, 'an empty url'],
  [{ url: [] }, 'no url'],
  [{ url: 'x', header: [] }, 'no names'],
  [{ url: 'x', records: 'data.items' }, 'no pointer'],
  [{ url: 'x', quote: '""' }, 'two characters'],
  [{ url: 'x', encoding: 'ebcdic' }, 'an unknown encoding'],
  [{ url: 'x', delimeter: ';' }, 'a misspelt option'],
])('%j: %s', (config, _) => {
  expect(source.config.safeParse(config).success).toBe(false);
});

test('through the engine: types are those of the whole column, and no digit is lost', async () => {
  const folder = await folderWith({
    'x.csv': 'zip,price,id,flag,none\n10,1.5,1,true,\n007,2,12345678901234567890,false,\n,3.25,3,,\n',
    'y.json': '[{"id":1,"a":[]},{"id":12345678901234567890,"a":[1]},7,{"id":null,"b":1e400}]',
  });
  expect((await readAll(source, { config: { url: `${folder}/x.csv` }, stream: 'x' })).records).toMatchInlineSnapshot(`
    [
      {
        "flag": true,
        "id": "1",
        "none": null,
        "price": "1.5",
        "zip": "10",
      },
      {
        "flag": false,
        "id": "12345678901234567890",
        "none": null,
        "price": "2",
        "zip": "007",
      },
      {
        "flag": null,
        "id": "3",
        "none": null,
        "price": "3.25",
        "zip": null,
      },
    ]
  `);
  expect(await readAll(source, { config: { url: `${folder}/y.json`, stream: 'y' }, stream: 'y' })).toMatchObject({
    records: [
      { id: '1', a: [] },
      { id: '12345678901234567890', a: [1] },
      { id: null, b: '1e400' },
    ],
    rejected: [{ origin: `${folder}/y.json#/2`, reason: 'expected an object, found a number', record: 7 }],
  });
});

// The staged part contains 1.50; reading it back parses it as the double 1.5 before it is fitted to its column (SDK).
test('through the engine: a number in a decimal or text column keeps its text', async () => {
  const folder = await folderWith({ 'x.csv': 'price,code\n1.50,1.10\n2.00,1e5\n3,abc\n' });
  expect((await readAll(source, { config: { url: `${folder}/x.csv` }, stream: 'x' })).records).toEqual([
    { price: '1.50', code: '1.10' },
    { price: '2.00', code: '1e5' },
    { price: '3', code: 'abc' },
  ]);
});

test('through the engine: a column with NaN is decimal on request; otherwise the record is rejected', async () => {
  const folder = await folderWith({ 'x.ndjson': '{"a":1.5}\n{"a":NaN}\n{"a":-Infinity}\n', 'y.csv': 'a\n1.50\nNaN\n' });
  const read = (name: string, config: object) =>
    readAll(source, { config: { url: `${folder}/${name}`, stream: 'x', ...config }, stream: 'x' });
  expect((await read('x.ndjson', { allowNaN: true })).records).toEqual([
    { a: '1.5' },
    { a: 'NaN' },
    { a: '-Infinity' },
  ]);
  expect((await read('y.csv', { allowNaN: true })).records).toEqual([{ a: '1.50' }, { a: 'NaN' }]);
  expect((await read('y.csv', {})).records).toEqual([{ a: '1.50' }, { a: 'NaN' }]);
  const { records, rejected } = await read('x.ndjson', {});
  expect(records).toEqual([{ a: 1.5 }]);
  expect(rejected).toHaveLength(2);
});

test('dates are typed if the whole column has one form; otherwise, and with types: text, nothing is rewritten', async () => {
  const folder = await folderWith({
    'x.csv':
      'day,at,here,mixed,zones\n2024-01-31,2024-01-31T08:00:00+02:00,2024-01-31T08:00:00.5,2024-01-31,2024-01-31T12:00:00\n' +
      '2024-02-29,2024-01-31T08:00:00Z,2024-01-31T08:00:00,2024-01-31T08:00:00Z,2024-01-31T12:00:00Z\n',
  });
  const read = async (config: object) => {
    const connector = { name: 'file', version: '0.0.0', source };
    const { dataset } = await extract({
      source: { connector, config: { url: `${folder}/x.csv`, ...config } },
      staging: `file://${folder}`,
      name: 'x',
    });
    const { pathname } = new URL(dataset);
    const manifest = JSON.parse(await readFile(pathname, 'utf8')) as { streams: { x: { schema: RecordSchema } } };
    const records = (await Array.fromAsync(await readDataset(dataset))).flat();
    return { records, schema: manifest.streams.x.schema };
  };
  const { records, schema } = await read({});
  expect(schema.properties).toEqual({
    day: { type: 'string', format: 'date' },
    at: { type: 'string', format: 'date-time' },
    here: { type: 'string', format: 'date-time', zone: 'none' },
    mixed: { type: 'string' },
    zones: { type: 'string' },
  });
  expect(records[0]).toEqual({
    day: '2024-01-31',
    at: '2024-01-31T08:00:00+02:00',
    here: '2024-01-31T08:00:00.5',
    mixed: '2024-01-31',
    zones: '2024-01-31T12:00:00',
  });
  const text = await read({ types: 'text' });
  expect(text.records).toEqual(records);
  expect(new Set(Object.values(text.schema.properties).map((field) => JSON.stringify(field)))).toEqual(
    new Set(['{"type":"string"}']),
  );
});

test('JSON numbers mixed with text in a column cause a warning, because numbers have no spelling', async () => {
  const folder = await folderWith({ 'x.ndjson': '{"version":1.10,"n":1.5}\n{"version":"1.10.1","n":2}\n' });
  const warnings: string[] = [];
  await extract({
    source: {
      connector: { name: 'file', version: '0.0.0', source },
      config: { url: `${folder}/x.ndjson` },
    },
    staging: `file://${folder}`,
    name: 'x',
    log: { ...silent, warn: (message: string) => void warnings.push(message) },
  });
  expect(warnings).toEqual([
    'x: "version" has both JSON numbers and strings, so its numbers become strings in their shortest form: 1.10 is "1.1"',
  ]);
});
