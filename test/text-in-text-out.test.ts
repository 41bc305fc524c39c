import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract, load, readDataset } from '@aries-data/engine';
import { type Connector, type Field, fieldsOf, type Json, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

const NUMBERS = ['0', '1', '-7', '42', '9007199254740993', '-9223372036854775808', '12345678901234567890'];
const DECIMALS = ['1.50', '0.10', '-0.01', '1.0', '0.00', '100', '0.000000000000001', '99999999999999999999999.99'];
const DAYS = ['2024-01-31', '0001-01-01', '9999-12-31', '2024-02-29'];
const LOCAL = ['2024-01-31T08:00:00', '2024-01-31T08:00:00.5', '1969-12-31T23:59:59.999999', '2024-01-31T08:00:00.120'];
const ZONED = [
  '2024-01-31T08:00:00Z',
  '2024-01-31T08:00:00.5+05:30',
  '1969-12-31T23:59:59.999999-15:59',
  '9999-12-31T23:59:59Z',
];
const ODD = [
  ...['1E5', '12e3', '713752e1', '-0', '-0.00', '+1', '007', '1_000', '0x10', '1,5', '.5', '5.', ' 5', '5 ', '1.2.3'],
  ...[
    'NaN',
    'nan',
    'Infinity',
    '-Infinity',
    'inf',
    'null',
    'NULL',
    '\\N',
    '\\.',
    '-',
    '--',
    'true ',
    'TRUE',
    'yes',
    't',
  ],
  ...[
    '2024-02-30',
    '2024-1-31',
    '20240131',
    '31.01.2024',
    '2024-01-31 08:00:00',
    '2024-01-31T08:00',
    'infinity',
    'now',
  ],
  ...[
    '2024-01-31T08:00:00.1234567Z',
    '2024-01-31T24:00:00Z',
    '2024-01-31T08:00:60Z',
    '08:00:00',
    'epoch',
    '0000-01-01',
  ],
  ...['"', '""', "'", 'a,b', 'x\ny', 'x\r\ny', '\r', '\t', '=1+1', '@x', '\u{feff}', '\u{feff}x', '\u{200b}', '\u{85}'],
  ...['\u{2028}', '😀', 'é', 'e\u{301}', '{"a":1.0}', '[1]', '{}', '%s', '$1', 'ß', ''],
];

const cell = (...pools: string[][]) => fc.constantFrom(...pools.flat());
/** Generates columns of one type, of similar types, or of anything. */
const column = fc.constantFrom(
  cell(NUMBERS),
  cell(NUMBERS, DECIMALS),
  cell(DAYS),
  cell(LOCAL),
  cell(ZONED),
  cell(['true', 'false']),
  cell(DAYS, LOCAL),
  cell(DAYS, ZONED),
  cell(LOCAL, ZONED),
  cell(['true', 'false'], NUMBERS),
  cell(ODD),
  cell(NUMBERS, ODD),
  cell(NUMBERS, DECIMALS, DAYS, LOCAL, ZONED, ODD),
  fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
);
const table = fc
  .array(column, { minLength: 1, maxLength: 4 })
  .chain((columns) =>
    fc.array(fc.tuple(...columns.map((one) => fc.option(one, { freq: 8 }))), { minLength: 1, maxLength: 6 }),
  );

/** Writes an RFC 4180 csv file without nulls, with text randomly quoted. */
function csvOf(rows: (string | null)[][], quoteAll: boolean): string {
  const written = (text: string | null) => {
    if (text === null) return '';
    return quoteAll || text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = ['id', ...rows[0]!.map((_, index) => `c${index}`)];
  return `${[names, ...rows.map((row, index) => [String(index), ...row])].map((row) => row.map(written).join(',')).join('\n')}\n`;
}

const connector = (name: string, parts: object) => ({ name, version: '0.0.0', ...parts }) as Connector;
const files = connector('file', { source: file.source, destination: file.destination });

async function read(key: string, config: object): Promise<{ dataset: string; fields: Field[]; records: JsonRecord[] }> {
  const { dataset } = await extract({
    source: { connector: files, config: { stream: 'things', ...config } },
    staging: `file://${folder}/staging`,
    name: key,
  });
  const manifest = JSON.parse(await readFile(fileURLToPath(dataset.replace(/#.*/, '')), 'utf8')) as {
    streams: { things: { schema: RecordSchema } };
  };
  const records = (await Array.fromAsync(await readDataset(dataset))).flat() as JsonRecord[];
  return { dataset, fields: fieldsOf(manifest.streams.things.schema), records };
}

/** Returns a value's text as docs/reference/types.md defines it: a date-time is an instant, or a local time, to the microsecond. */
function canonical(value: Json | undefined, { kind }: Field): string | null {
  if (value === null || value === undefined) return null;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (kind !== 'date-time') return text;
  const [, date, clock, fraction = '', zone = 'Z'] =
    /^(.{10})[T ](.{8})(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text) ?? [];
  const offset = zone.length === 3 ? `${zone}:00` : zone;
  return `${Date.parse(`${date}T${clock}${offset}`)} ${fraction.replace(/0+$/, '')}`;
}

const texts = (rows: readonly Record<string, unknown>[], fields: readonly Field[]) =>
  rows.map((row) => fields.map((field) => canonical(row[field.name] as Json, field)));

async function fromPostgres(schema: string, fields: readonly Field[]): Promise<Record<string, unknown>[]> {
  const columns = fields.map(({ name }) => `"${name}"::text AS "${name}"`).join(', ');
  return query(database.url, "SET timezone = 'UTC'", `SELECT ${columns} FROM "${schema}".things ORDER BY "id"::int`);
}

async function fromDuckdb(path: string, fields: readonly Field[]): Promise<Record<string, unknown>[]> {
  const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    // As bytes, because the driver drops a byte order mark from text.
    const columns = fields.map(({ name }) => `encode(CAST("${name}" AS VARCHAR)) AS "${name}"`).join(', ');
    const rows = await (
      await connection.run(`SELECT ${columns} FROM things ORDER BY CAST("id" AS INTEGER)`)
    ).getRowObjectsJS();
    const textOf = (bytes: unknown) => (bytes === null ? null : Buffer.from(bytes as Uint8Array).toString());
    return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, bytes]) => [name, textOf(bytes)])));
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

let count = 0;

test('a csv cell is the same text in the dataset, in PostgreSQL, in DuckDB and in a file again', async () => {
  await fc.assert(
    fc.asyncProperty(table, fc.boolean(), fc.constantFrom('guess', 'text'), async (rows, quoteAll, types) => {
      const key = `t${count++}`;
      await mkdir(join(folder, key));
      const url = join(folder, key, 'things.csv');
      await writeFile(url, csvOf(rows, quoteAll));
      const { dataset, fields, records } = await read(key, { url, types });
      const expected = rows.map((row, index) =>
        [String(index), ...row].map((text, at) => canonical(text, fields[at]!)),
      );
      // In the dataset every character is unchanged.
      const staged = records.map((record) =>
        fields.map(({ name }) => (record[name] === null ? null : String(record[name]))),
      );
      expect(staged).toEqual(rows.map((row, index) => [String(index), ...row]));

      const input = [dataset];
      await query(database.url, `CREATE SCHEMA "${key}"`);
      const into = {
        connector: connector('postgres', { destination: postgres.destination }),
        config: { url: database.url, schema: key },
      };
      await load({ destination: into, input });
      expect(texts(await fromPostgres(key, fields), fields)).toEqual(expected);

      const path = join(folder, `${key}.duckdb`);
      await load({
        destination: { connector: connector('duckdb', { destination: duckdb.destination }), config: { path } },
        input,
      });
      expect(texts(await fromDuckdb(path, fields), fields)).toEqual(expected);

      for (const format of ['csv', 'ndjson']) {
        const out = join(folder, key, format);
        await load({ destination: { connector: files, config: { path: out, format } }, input });
        const again = await read(`${key}-${format}`, { url: join(out, `things.${format}`), types: 'text' });
        expect(texts(again.records, fields)).toEqual(expected);
      }
    }),
    { numRuns: 40 },
  );
});

/** Normalises JSON text: members sorted, numbers as digits and an exponent. */
function meaningOf(json: string): string {
  const tokens = json.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[[\]{},:]|true|false|null/g) ?? [];
  let at = 0;
  const value = (): string => {
    const token = tokens[at++]!;
    if (token !== '[' && token !== '{')
      return /^[-\d]/.test(token) ? digitsOf(token) : JSON.stringify(JSON.parse(token));
    const parts: string[] = [];
    while (tokens[at] !== (token === '[' ? ']' : '}')) {
      if (tokens[at] === ',') at++;
      const first = value();
      parts.push(token === '[' ? first : `${first}:${tokens[at++] && value()}`);
    }
    at++;
    return token === '[' ? `[${parts.join()}]` : `{${parts.sort().join()}}`;
  };
  return value();
}

function digitsOf(number: string): string {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(number)!;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === ''
    ? '0'
    : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

const jsonNumber = fc.constantFrom(
  ...['0', '-0', '1', '1.0', '-7', '1E5', '2.50', '0.1', '1e-7', '1e300', '5e-324', '9007199254740993', '1e400'],
  ...['12345678901234567890', '-9223372036854775808', '0.1234567890123456789', '100000000000000000000000'],
);
const jsonText = cell(ODD, DAYS, LOCAL, ZONED).map((text) => JSON.stringify(text));
const jsonName = fc
  .constantFrom('a', 'b', '__proto__', 'constructor', '', '\u{feff}', '"', 'é', '0')
  .map((name) => JSON.stringify(name));
const { jsonValue } = fc.letrec<{ jsonValue: string }>((tie) => ({
  jsonValue: fc.oneof(
    { depthSize: 'small' },
    jsonNumber,
    jsonText,
    fc.constantFrom('true', 'false', 'null'),
    fc.array(tie('jsonValue'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc
      .uniqueArray(fc.tuple(jsonName, tie('jsonValue')), { maxLength: 3, selector: ([name]) => name })
      .map((members) => `{${members.map((member) => member.join(': ')).join(', ')}}`),
  ),
}));
const jsonColumn = fc.constantFrom(
  jsonNumber,
  fc.constantFrom('1', '-2', '9007199254740993'),
  jsonText,
  fc.constantFrom('true', 'false'),
  fc.oneof(jsonNumber, jsonText),
  jsonValue,
);
const jsonTable = fc
  .array(jsonColumn, { minLength: 1, maxLength: 4 })
  .chain((columns) =>
    fc.array(fc.tuple(...columns.map((one) => fc.option(one, { freq: 8 }))), { minLength: 1, maxLength: 6 }),
  );

/** Normalises a value of a column. In a text column, text stands for itself, even if it looks like something else. */
function meaning(value: unknown, source: string, { kind }: Field): string {
  if (value === null || value === undefined) return 'null';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (!source.startsWith('"')) return meaningOf(text);
  return JSON.stringify(canonical(text, { kind } as Field));
}

test('a JSON value means the same in ndjson, in documents of JSON, in PostgreSQL and in DuckDB', async () => {
  await fc.assert(
    fc.asyncProperty(jsonTable, async (rows) => {
      const key = `j${count++}`;
      await mkdir(join(folder, key));
      const lines = rows.map(
        (row, index) =>
          `{${[`"id":${index}`, ...row.flatMap((json, at) => (json === null ? [] : [`"c${at}":${json}`]))].join(', ')}}`,
      );
      const documents = {
        'lines.ndjson': lines.join('\n'),
        'list.json': `[${lines.join(',\n')}]`,
        'many.json': lines.join(' '),
      };
      const found = [];
      for (const [name, text] of Object.entries(documents)) {
        await writeFile(join(folder, key, name), text);
        found.push(
          await read(`${key}-${name}`, {
            url: join(folder, key, name),
            format: name.endsWith('.json') ? 'json' : 'ndjson',
          }),
        );
      }
      const [{ dataset, fields, records }, ...others] = found as [(typeof found)[0], ...typeof found];
      for (const other of others) {
        expect(other.records).toEqual(records);
        expect(other.fields).toEqual(fields);
      }
      const sourceOf = (row: (string | null)[], { name }: Field) =>
        name === 'id' ? '0' : (row[Number(name.slice(1))] ?? 'null');
      const meanings = (values: readonly Record<string, unknown>[]) =>
        values.map((value, index) =>
          fields.map((field) =>
            field.name === 'id' ? 'id' : meaning(value[field.name], sourceOf(rows[index]!, field), field),
          ),
        );
      const expected = rows.map((row) =>
        fields.map((field) => {
          const source = sourceOf(row, field);
          if (field.name === 'id') return 'id';
          return source.startsWith('"') ? JSON.stringify(canonical(JSON.parse(source), field)) : meaningOf(source);
        }),
      );
      expect(meanings(records)).toEqual(expected);

      const input = [dataset];
      await query(database.url, `CREATE SCHEMA "${key}"`);
      const config = { url: database.url, schema: key };
      await load({
        destination: { connector: connector('postgres', { destination: postgres.destination }), config },
        input,
      });
      expect(meanings(await fromPostgres(key, fields))).toEqual(expected);

      const path = join(folder, `${key}.duckdb`);
      await load({
        destination: { connector: connector('duckdb', { destination: duckdb.destination }), config: { path } },
        input,
      });
      expect(meanings(await fromDuckdb(path, fields))).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});
