import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { csvDecoder } from '@aries-data/formats';
import {
  AriesError,
  type Batch,
  type Field,
  type FieldSchema,
  fieldSchema,
  fieldsOf,
  type LoadPart,
} from '@aries-data/sdk';
import type { CopyTarget, SqlConnection } from '@aries-data/sql';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { destinationConfig } from '../config.ts';
import { tempFolder } from '../testing/index.ts';
import { openSessionConnection } from './session-connection.ts';

const TYPES: [schema: FieldSchema, column: string, cells: string[]][] = [
  [fieldSchema('int64'), 'BIGINT', ['0', '-1', '9223372036854775807', '-9223372036854775808']],
  [fieldSchema('integer'), 'BIGINT', ['42', '-9007199254740991']],
  [fieldSchema('integer'), 'SMALLINT', ['42', '-32768']],
  [fieldSchema('int64'), 'UBIGINT', ['18446744073709551615']],
  [fieldSchema('number'), 'DOUBLE', ['0.1', '-0', '1e300', '5e-324', '1.7976931348623157e+308', '42']],
  [{ ...fieldSchema('decimal'), precision: 6, scale: 2 }, 'DECIMAL(6,2)', ['0.10', '-9999.99', '0.00']],
  [fieldSchema('decimal'), 'VARCHAR', ['0.10', '1e400', 'NaN']],
  [fieldSchema('boolean'), 'BOOLEAN', ['t', 'f']],
  [
    fieldSchema('string'),
    'VARCHAR',
    ['a', '', 'NULL', ' ', 'a,"b"\n\r', '\\.', '\u{feff}😀', '\u{0}', 'x'.repeat(300)],
  ],
  [fieldSchema('date'), 'DATE', ['2024-02-29', '0001-01-01', '10000-01-01', 'infinity']],
  [fieldSchema('date'), 'VARCHAR', ['2024-02-29']],
  [fieldSchema('time'), 'TIME', ['00:00:00', '23:59:59.999999', '12:30:00.5']],
  [{ ...fieldSchema('date-time'), zone: 'none' }, 'TIMESTAMP', ['2024-02-29 12:00:00.5', '0001-01-01T00:00:00.123456']],
  [fieldSchema('date-time'), 'TIMESTAMP WITH TIME ZONE', ['2024-02-29 12:00:00.5+00', '9999-12-31T23:59:59.999999Z']],
  [fieldSchema('uuid'), 'UUID', ['00000000-0000-0000-0000-0000000000ff', 'ffffffff-ffff-ffff-ffff-ffffffffffff']],
  [fieldSchema('binary'), 'BLOB', ['\\x', '\\x00ff', '\\x5c785c']],
];

/** What DuckDB's casts take, and what stands at the edges of what is taken. */
const ODD = [
  ...['1.5', '1e3', '0x10', '1_000', '+1', ' 1', '1 ', '01', '-0', '.5', '5.', '1e400', '1e-400', 'NaN', 'nan', 'inf'],
  ...['9223372036854775808', '9007199254740993', '32768', '0.105', '10000.00', '0.1', '1e-7', '-', '', 'true', 'TRUE'],
  ...['2024-02-30', '2024-2-9', '2024/02/09', 'epoch', '-infinity', '0044-03-15 BC', '0044-03-15 (BC)', '20240209'],
  ...[
    '24:00:00',
    '12:30',
    '12:30:60',
    '12:30:00.1234567',
    '2024-02-29 24:00:00',
    '2024-02-29 12:00:60+00',
    '2024-02-29',
  ],
  ...[
    '2024-02-29T12:00:00.1234567Z',
    '2024-02-29T12:00:00+01:30',
    '2024-02-29 12:00:00 Europe/Paris',
    '2024-02-29T12:00Z',
  ],
  ...[
    '2024-02-30T12:00:00Z',
    '294247-01-10 04:00:54+00',
    '2024-02-29T12:00:00',
    '0000-01-01T00:00:00Z',
    '2024-02-29 12:00:00Z',
  ],
  ...[
    '{00000000-0000-0000-0000-0000000000ff}',
    '000000000000000000000000000000ff',
    'FFFFFFFF-ffff-ffff-ffff-ffffffffffff',
  ],
  ...['\\x0', '\\xFF', '\\\\x00', 'abc', '\\N', '\u{a0}1', '１', '1\n', '1,000', '2024-02-29\n', '\\x00\n'],
];

async function session(): Promise<{ connection: SqlConnection; path: string }> {
  const path = `${await tempFolder()}/lanes.duckdb`;
  const connection = await openSessionConnection({
    config: destinationConfig.parse({ path, lockTimeout: 1 }),
    signal: new AbortController().signal,
  });
  onTestFinished(() => connection.close());
  await connection.begin();
  return { connection, path };
}

function csvOf(rows: readonly (readonly (string | null)[])[]): Buffer {
  const cell = (text: string | null) => (text === null ? '' : `"${text.replaceAll('"', '""')}"`);
  return Buffer.from(rows.map((row) => `${row.map(cell).join(',')}\n`).join(''));
}

function partOf(bytes: Buffer, rows: number, fields: readonly Field[]): LoadPart {
  const open = async () => Readable.from([bytes], { objectMode: false });
  return {
    format: 'csv',
    rows,
    open,
    batches: () => csvDecoder(fields)(Readable.from([bytes])) as AsyncIterable<Batch>,
  };
}

let tables = 0;

async function tableOf(connection: SqlConnection, columns: [schema: FieldSchema, type: string][]): Promise<CopyTarget> {
  const table = `t${tables++}`;
  await connection.run(`CREATE TABLE ${table} (${columns.map(([, type], index) => `f${index} ${type}`).join(', ')})`);
  const properties = Object.fromEntries(columns.map(([schema], index) => [`f${index}`, schema]));
  const fields = fieldsOf({ type: 'object', properties, required: Object.keys(properties) });
  return { table, columns: fields.map((field, index) => ({ field, type: columns[index]![1], nullable: true })) };
}

/** Rows as DuckDB shows them, or `undefined` where a lane does not take all of them. */
async function byPart(connection: SqlConnection, into: CopyTarget, part: LoadPart): Promise<unknown[] | undefined> {
  const copied = await connection.copyPart!(into, part);
  return 'rows' in copied ? contentOf(connection, into) : undefined;
}

async function byRecords(connection: SqlConnection, into: CopyTarget, part: LoadPart): Promise<unknown[] | undefined> {
  try {
    let rows = 0;
    for await (const batch of part.batches()) {
      const copied = await connection.copyBatch(into, batch);
      if ('refused' in copied) return undefined;
      rows += copied.rows;
    }
    return rows === part.rows ? await contentOf(connection, into) : undefined;
  } catch (error) {
    if ((error as { code?: string }).code === 'DATASET_CORRUPT') return undefined;
    throw error;
  }
}

function contentOf(connection: SqlConnection, { table, columns }: CopyTarget): Promise<unknown[]> {
  // hash tells what two texts may not: -0 from 0.
  const shown = columns.map((_, index) => `CAST(f${index} AS VARCHAR) AS "f${index}", hash(f${index}) AS "h${index}"`);
  return connection.query(`SELECT ${shown.join(', ')} FROM ${table} ORDER BY rowid`);
}

test.each(TYPES)('%j as %s: DuckDB reads what it is written as', async (schema, type, cells) => {
  const { connection, path } = await session();
  const columns: [FieldSchema, string][] = [
    [schema, type],
    [fieldSchema('string'), 'VARCHAR'],
  ];
  const [into, other] = [await tableOf(connection, columns), await tableOf(connection, columns)];
  const rows = [...cells.map((cell) => [cell, '']), [null, null]];
  const part = partOf(
    csvOf(rows),
    rows.length,
    into.columns.map(({ field }) => field),
  );
  const taken = await byPart(connection, into, part);
  expect(taken).toHaveLength(rows.length);
  expect(taken).toEqual(await byRecords(connection, other, part));
  expect(taken!.at(-1)).toMatchObject({ f0: null, f1: null });
  expect(taken![0]).toMatchObject({ f1: '' });
  await connection.close();
  expect((await readdir(dirname(path))).filter((name) => name.includes('parts'))).toEqual([]);
});

test.each(TYPES)(
  '%j as %s: what DuckDB takes by itself, the encoders take for the same',
  async (schema, type, cells) => {
    const { connection } = await session();
    const random = fc.string({ unit: fc.constantFrom(...'0123456789-+.eE:TZ _\\xafBC"'), maxLength: 24 });
    const changed = fc
      .tuple(fc.constantFrom(...cells), fc.nat(), fc.nat(1), fc.constantFrom(...'0123456789-+.eE:TZ _\\xaf'))
      .map(([cell, at, remove, insert]) => {
        const start = at % (cell.length + 1);
        return cell.slice(0, start) + insert + cell.slice(start + remove);
      });
    const cell = fc.oneof(fc.constantFrom(...cells, ...ODD), changed, random);
    await fc.assert(
      fc.asyncProperty(cell, async (text) => {
        const [into, other] = [
          await tableOf(connection, [[schema, type]]),
          await tableOf(connection, [[schema, type]]),
        ];
        const part = partOf(
          csvOf([[text]]),
          1,
          into.columns.map(({ field }) => field),
        );
        const taken = await byPart(connection, into, part);
        if (taken !== undefined) expect(taken).toEqual(await byRecords(connection, other, part));
      }),
      { numRuns: 40, examples: [...cells, ...ODD].map((text) => [text]) },
    );
  },
);

test('rows in any spelling that the decoder takes are left to it, or read as it reads them', async () => {
  const { connection } = await session();
  const columns: [FieldSchema, string][] = [
    [fieldSchema('string'), 'VARCHAR'],
    [fieldSchema('int64'), 'BIGINT'],
  ];
  const fields = (await tableOf(connection, columns)).columns.map(({ field }) => field);
  const pieces = fc.constantFrom(
    'a',
    '"',
    '""',
    ',',
    '\n',
    '"\r"',
    ' ',
    '\\.',
    '\u{0}',
    'é',
    '"b"',
    ',2\n',
    ',\n',
    '#',
    "'",
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: pieces, maxLength: 12 }), async (text) => {
      const bytes = Buffer.from(`${text},1\n`);
      const batches = await Array.fromAsync(partOf(bytes, 0, fields).batches()).catch(() => []);
      const rows = batches.flat().length;
      // What no encoder writes has no checksum that is right.
      fc.pre(rows > 0);
      const [into, other] = [await tableOf(connection, columns), await tableOf(connection, columns)];
      const part = partOf(bytes, rows, fields);
      const taken = await byPart(connection, into, part);
      if (taken !== undefined) expect(taken).toEqual(await byRecords(connection, other, part));
    }),
    { numRuns: 40 },
  );
});

test('rows stay in their order, parts and batches in turn', async () => {
  const { connection } = await session();
  const into = await tableOf(connection, [
    [fieldSchema('int64'), 'BIGINT'],
    [fieldSchema('string'), 'VARCHAR'],
  ]);
  const fields = into.columns.map(({ field }) => field);
  const count = 200_000;
  for (let from = 0; from < 3 * count; from += count) {
    const rows = Array.from({ length: count }, (_, index) => [String(from + index), 'some text of a row, quoted']);
    expect(await connection.copyPart!(into, partOf(csvOf(rows), count, fields))).toEqual({ rows: count });
    expect(await connection.copyBatch(into, [{ f0: '-1', f1: null }])).toEqual({ rows: 1 });
  }
  const numbered = `SELECT f0, row_number() OVER (ORDER BY rowid) - 1 AS place FROM ${into.table} WHERE f0 >= 0`;
  const [row] = await connection.query(
    `SELECT count(*) AS rows, count(*) FILTER (WHERE f0 <> place) AS elsewhere FROM (${numbered})`,
  );
  expect(row).toEqual({ rows: BigInt(3 * count), elsewhere: 0n });
});

test('a part that breaks off, or whose bytes are others, is not loaded', async () => {
  const { connection } = await session();
  const into = await tableOf(connection, [[fieldSchema('string'), 'VARCHAR']]);
  const fields = into.columns.map(({ field }) => field);
  async function* bytes() {
    yield Buffer.from('a\nb\n');
    throw new AriesError('DATASET_CORRUPT', 'its checksum differs');
  }
  const broken = { ...partOf(Buffer.alloc(0), 2, fields), open: async () => Readable.from(bytes()) };
  await expect(connection.copyPart!(into, broken)).rejects.toMatchObject({ code: 'DATASET_CORRUPT' });
  expect(await connection.copyPart!(into, partOf(Buffer.from('a\nb\n'), 3, fields))).toHaveProperty('refused');
  expect(await contentOf(connection, into)).toEqual([]);
});
