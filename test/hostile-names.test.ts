import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, load, readDataset } from '@aries-data/engine';
import { type AriesError, type Connector, defineSource, type JsonRecord } from '@aries-data/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import * as duckdb from '../connectors/duckdb/src/index.ts';
import * as file from '../connectors/file/src/index.ts';
import * as postgres from '../connectors/postgres/src/index.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { type FreshDatabase, freshDatabase } from './services/database.ts';
import { query } from './services/query.ts';

let folder: string;
let database: FreshDatabase;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await freshDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Names that a database, a driver or a file format may shorten, fold, strip or misread. */
const NASTY = [
  '\u{feff}id',
  '\u{feff}\u{feff}id',
  'id\u{feff}',
  '\u{feff}',
  'a\u{200b}',
  '\u{200d}a',
  'a\0b',
  '\0',
  '"',
  '""',
  `'`,
  '`',
  '[x]',
  'a\nb',
  'a\r\nb',
  '\r',
  '\t',
  '',
  ' ',
  'id',
  'ID',
  'Id ',
  ' id',
  'é',
  'e\u{301}',
  'ß',
  'SS',
  'İ',
  'ı',
  '%',
  '%s',
  '$1',
  '${x}',
  'a,b',
  'a;b',
  'a.b',
  'a/b',
  '..',
  '\\',
  '\\.',
  '__proto__',
  'constructor',
  'toString',
  'rowid',
  'ctid',
  'null',
  'NULL',
  'select',
  '_aries_ordinal',
  'x'.repeat(63),
  'x'.repeat(64),
  `${'x'.repeat(63)}y`,
  'é'.repeat(32),
  '😀',
  '\u{2028}',
  '\u{85}',
  '\u{202e}abc',
  '0',
  '17',
  '#',
  '--',
  '/*',
];

const name = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 70 }) },
);
const tables = fc.record({
  stream: name.filter((stream) => stream !== ''),
  columns: fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
});

/** Stages one record whose values identify its columns. */
async function stage(name: string, stream: string, record: JsonRecord): Promise<string> {
  const source = defineSource({
    config: z.object({}),
    streams: (ctx) => ({
      [stream]: ctx.stream({
        schema: {
          type: 'object',
          properties: Object.fromEntries(Object.keys(record).map((column) => [column, { type: 'string' }])),
          required: Object.keys(record),
        },
        async *read() {
          yield [record];
        },
      }),
    }),
  });
  const connector = { name: 'records', version: '0.0.0', source };
  return (await extract({ source: { connector, config: {} }, staging: `file://${folder}`, name })).dataset;
}

const connector = (name: string, parts: object) => ({ name, version: '0.0.0', ...parts }) as Connector;

/** Loads, and reads the target back with its own source; returns the error if the load was refused. */
async function moved(
  key: string,
  input: string,
  { destination, source, config, readConfig = async () => config }: Way,
): Promise<JsonRecord[] | AriesError> {
  try {
    await load({ destination: { connector: destination, config }, input: [input] });
  } catch (error) {
    return error as AriesError;
  }
  const { dataset } = await extract({
    source: { connector: source, config: await readConfig() },
    staging: `file://${folder}`,
    name: `${key}-back`,
  });
  const records: JsonRecord[] = [];
  for await (const batch of await readDataset(dataset)) records.push(...(batch as JsonRecord[]));
  return records;
}

interface Way {
  destination: Connector;
  source: Connector;
  config: Record<string, unknown>;
  readConfig?: () => Promise<Record<string, unknown>>;
}

const ways: Record<string, (key: string) => Way> = {
  duckdb: (key) => ({
    destination: connector('duckdb', { destination: duckdb.destination }),
    source: connector('duckdb', { source: duckdb.source }),
    config: { path: join(folder, `${key}.duckdb`) },
  }),
  postgres: (key) => ({
    destination: connector('postgres', { destination: postgres.destination }),
    source: connector('postgres', { source: postgres.source }),
    config: { url: database.url, schema: key },
  }),
  ...Object.fromEntries(
    ['ndjson', 'csv'].map((format) => [
      `file as ${format}`,
      (key: string): Way => ({
        destination: connector('file', { destination: file.destination }),
        source: connector('file', { source: file.source }),
        config: { path: join(folder, `${key}-out`), format },
        // By name, because a glob may treat it as a hidden file.
        readConfig: async () => ({
          url: (await readdir(join(folder, `${key}-out`)))
            .filter((file) => file !== '_aries')
            .map((file) => join(folder, `${key}-out`, file)),
          stream: 'things',
          types: 'text',
        }),
      }),
    ]),
  ),
};

let count = 0;

test.each(Object.keys(ways))('%s keeps a hostile name exactly, or refuses it and names it', async (way) => {
  await fc.assert(
    fc.asyncProperty(tables, async ({ stream, columns: given }) => {
      const key = `${way.replaceAll(' ', '_')}_${count++}`;
      if (way === 'postgres') await query(database.url, `CREATE SCHEMA "${key}"`);
      // A csv file keeps a NUL, but then its header is treated as binary when it is read.
      const columns = way === 'file as csv' ? given.filter((name) => !name.includes('\0')) : given;
      fc.pre(columns.length > 0);
      const record: JsonRecord = Object.fromEntries(columns.map((column, index) => [column, `value ${index}`]));
      const back = await moved(key, await stage(key, stream, record), ways[way]!(key));
      if (!Array.isArray(back)) {
        expect(back).toMatchObject({ code: 'SCHEMA_CONFLICT' });
        expect(
          [stream, ...columns].some((name) => back.message.includes(`"${name}"`)),
          back.message,
        ).toBe(true);
        return;
      }
      // The file source names an unnamed csv column by its number.
      const read = (column: string, index: number) =>
        way === 'file as csv' && column === '' ? `column_${index + 1}` : column;
      const kept = Object.keys(record).map((column, index) => [read(column, index), record[column]]);
      expect(back).toEqual([Object.fromEntries(kept)]);
    }),
    { numRuns: 40, examples: [[{ stream: 'things', columns: ['\u{feff}id', 'n'] }]] },
  );
});
