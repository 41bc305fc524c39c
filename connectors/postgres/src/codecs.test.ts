import { csvDecoder, csvEncoder, ndjsonEncoder } from '@aries-data/formats';
import { type Field, type FieldKind, fieldSchema, type Json, type JsonRecord } from '@aries-data/sdk';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../test/services/database.ts';
import { copyIn } from './destination/copy-in.ts';
import { CopyOut } from './source/copy-out.ts';

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await freshDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(
    "SET timezone = 'UTC'; SET bytea_output = 'hex'; SET extra_float_digits = 3; SET datestyle = 'ISO, YMD'",
  );
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => !value.includes('\0') && value.isWellFormed()),
  fc.string({
    unit: fc.constantFrom('"', ',', '\n', '\r', '\\', '.', '\t', 'N', ' ', '\u2028', '😀', 'a'),
    maxLength: 8,
  }),
  fc.constantFrom('', '\\.', '\n\\.\n', '\\N', '""', 'NULL'),
);
const double = fc.double().map((value): Json => value);
const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: length });
const micros = fc.integer({ min: 0, max: 999_999 }).map((value) => String(value).padStart(6, '0').replace(/0+$/, ''));
const moment = fc
  .tuple(
    fc.date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }),
    micros,
  )
  .map(([date, fraction]) => `${date.toISOString().slice(0, 19)}${fraction === '' ? '' : `.${fraction}`}`);

/** For each column: values as in records, and the same values as parameters for PostgreSQL. */
const COLUMNS: {
  kind: FieldKind;
  type: string;
  values: fc.Arbitrary<Json>;
  zone?: 'none';
  parameter?: (value: Json) => unknown;
}[] = [
  { kind: 'string', type: 'text', values: text },
  { kind: 'pg-text', type: 'text', values: text },
  { kind: 'boolean', type: 'boolean', values: fc.boolean() },
  { kind: 'integer', type: 'bigint', values: fc.maxSafeInteger() },
  { kind: 'int64', type: 'bigint', values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String) },
  {
    kind: 'number',
    type: 'double precision',
    values: double,
    parameter: (value) => (Object.is(value, -0) ? '-0' : String(value)),
  },
  {
    kind: 'decimal',
    type: 'numeric',
    values: fc.tuple(fc.boolean(), digits(40), digits(40)).map(([minus, whole, fraction]) => {
      const trimmed = whole.replace(/^0+(?=\d)/, '');
      // numeric has no negative zero in PostgreSQL.
      return `${minus && /[1-9]/.test(trimmed + fraction) ? '-' : ''}${trimmed}.${fraction}`;
    }),
  },
  { kind: 'date-time', type: 'timestamptz', values: moment.map((value) => `${value}Z`) },
  { kind: 'date-time', type: 'timestamp', values: moment, zone: 'none' },
  {
    kind: 'binary',
    type: 'bytea',
    values: fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
    parameter: (value) => Buffer.from(value as string, 'base64'),
  },
  { kind: 'json', type: 'json', values: fc.json().filter((value) => value.isWellFormed()) },
  { kind: 'uuid', type: 'uuid', values: fc.uuid() },
];
const FIELDS: Field[] = COLUMNS.map(({ kind, type, zone }, index) => ({
  name: `c${index}`,
  kind,
  nullable: true,
  schema: fieldSchema(kind, { nullable: true, pgType: type, ...(zone === undefined ? {} : { zone }) }),
}));
const names = FIELDS.map(({ name }) => name).join(', ');
/** Reads each column from a line of JSON with PostgreSQL. */
const fromJson = COLUMNS.map(({ kind, type }, index) =>
  kind === 'binary' ? `decode(r->>'c${index}', 'base64') AS c${index}` : `(r->>'c${index}')::${type} AS c${index}`,
);
const rows = fc.array(fc.tuple(...COLUMNS.map(({ values }) => fc.option(values, { freq: 6 }))), {
  minLength: 1,
  maxLength: 6,
});

function recordOf(row: readonly (Json | null)[]): JsonRecord {
  return Object.fromEntries(row.map((value, index) => [`c${index}`, value]));
}

async function insertByParameters(table: string, row: readonly (Json | null)[]): Promise<void> {
  const values = row.map((value, index) =>
    value === null ? null : (COLUMNS[index]!.parameter?.(value) ?? String(value)),
  );
  const parameters = values.map((_, index) => `$${index + 1}`).join(', ');
  await client.query(`INSERT INTO ${table} (${names}) VALUES (${parameters})`, values);
}

test('PostgreSQL reads encoded values as the same values, and its own output is decoded to the same records', async () => {
  const columns = COLUMNS.map(({ type }, index) => `c${index} ${type}`).join(', ');
  await client.query(`CREATE TABLE told (id serial, ${columns}); CREATE TABLE copied (id serial, ${columns})`);
  await fc.assert(
    fc.asyncProperty(rows, async (table) => {
      await client.query('TRUNCATE told, copied RESTART IDENTITY');
      for (const row of table) await insertByParameters('told', row);
      const records = table.map(recordOf);

      await copyIn(client, `COPY copied (${names}) FROM STDIN (FORMAT csv)`, [csvEncoder(FIELDS)(records)]);
      const { rows: different } = await client.query(
        'SELECT told::text, copied::text FROM told FULL JOIN copied USING (id) WHERE told IS NULL OR copied IS NULL OR told::record OPERATOR(pg_catalog.*<>) copied::record',
      );
      expect(different).toEqual([]);

      const lines = ndjsonEncoder(FIELDS)(records).toString().split('\n').slice(0, -1);
      const { rows: changed } = await client.query(
        `WITH lines AS (SELECT id, line::json AS r FROM unnest($1::text[]) WITH ORDINALITY AS l(line, id)),
              read AS (SELECT id::integer, ${fromJson.join(', ')} FROM lines)
         SELECT told::text, read::text FROM told FULL JOIN read USING (id)
          WHERE told IS NULL OR read IS NULL OR told::record OPERATOR(pg_catalog.*<>) read::record`,
        [lines],
      );
      expect(changed).toEqual([]);

      const out = client.query(new CopyOut(`COPY (SELECT ${names} FROM told ORDER BY id) TO STDOUT (FORMAT csv)`));
      const decoded: JsonRecord[] = [];
      for await (const batch of csvDecoder(FIELDS)(out as AsyncIterable<Buffer>)) decoded.push(...batch);
      // Object.is for numbers, so that the sign of zero counts.
      expect(decoded).toStrictEqual(records);
    }),
    { numRuns: 150 },
  );
});
