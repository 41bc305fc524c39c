import { readFile } from 'node:fs/promises';
import * as duckdb from '@aries-data/connector-duckdb';
import * as file from '@aries-data/connector-file';
import { connectorOf } from '@aries-data/sdk';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyIn } from '../connectors/postgres/src/destination/copy-in.ts';
import { type Moved, move } from '../connectors/postgres/src/testing/move.ts';
import { COLUMNS, makeTable, type TypeColumn } from '../connectors/postgres/src/testing/type-source.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { type FreshDatabase, freshDatabase } from './services/database.ts';

/** The texts of one column, by id. */
type Texts = Map<number, string>;

let database: FreshDatabase;
let client: pg.Client;
let present: TypeColumn[];

beforeAll(async () => {
  database = await freshDatabase();
  present = await makeTable(database.url, 'source', { apart: true });
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query("SET bytea_output = 'hex'");
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

const temporary = () => temporaryFolder();
const from = () => ({ url: database.url, schema: 'source' });

/** Lists values that changed, as PostgreSQL sees it when it reads the texts back into the type. */
async function differences({ column, type }: TypeColumn, texts: Texts, decoded = asType(type)) {
  const { rows } = await client.query(
    `SELECT left(s.${column}::text, 60) AS source, left(g.v, 60) AS target
       FROM source.everything s
       LEFT JOIN (SELECT (e->>0)::integer AS id, e->>1 AS v FROM json_array_elements($1) AS e) g USING (id)
      WHERE ROW(s.${column})::record OPERATOR(pg_catalog.*<>) ROW(${decoded})::record`,
    [JSON.stringify([...texts])],
  );
  return rows.map(({ source, target }) => [source, target]);
}

/** Casts from text to regclass and similar types accept only names. */
function asType(type: string): string {
  return type.startsWith('reg') ? `${type}in(textout(g.v))` : `g.v::${type}`;
}

/** The differences, by type. */
async function allDifferences(
  textsOf: (column: string) => Texts,
  decodedOf: (column: TypeColumn) => string | undefined,
) {
  const found: [string, unknown][] = [];
  for (const column of present) {
    const different = await differences(column, textsOf(column.column), decodedOf(column));
    if (different.length > 0) found.push([column.type, different]);
  }
  return found;
}

/** Returns the reasons, with column names replaced by type names. */
function reasonsOf({ rejected }: Moved): string[] {
  const reasons = [...new Set(rejected.everything ?? [])];
  return reasons.map((reason) =>
    reason.replace(/"(c\d\d\d)"/, (_, name) => COLUMNS.find(({ column }) => column === name)!.type),
  );
}

describe.each(['csv', 'ndjson'] as const)('staged as %s', (format) => {
  test('into DuckDB: unchanged, or rejected with a reason', async () => {
    const path = `${await temporary()}/types.duckdb`;
    const moved = await move({
      format,
      transformed: false,
      from: from(),
      to: { path },
      destination: connectorOf({ ...duckdb }, { name: 'duckdb', version: '0.0.0' }),
      maxRejected: { count: 1000 },
    });
    const instance = await DuckDBInstance.create(path, { access_mode: 'READ_ONLY' });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    const types = await connection.runAndReadAll(
      "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'everything'",
    );
    const selected = types.getRowObjectsJson().map(({ column_name: name, data_type: type }) => {
      if (type === 'BLOB') return `hex(encode('\\x' || hex(${name}))) AS ${name}`;
      // The client drops a byte order mark when it decodes VARCHAR.
      return `hex(encode(CAST(${name} AS VARCHAR))) AS ${name}`;
    });
    const read = await connection.runAndReadAll(`SELECT ${selected.join(', ')} FROM everything`);
    const rows = read.getRowObjectsJson() as Record<string, string | null>[];
    connection.closeSync();
    instance.closeSync();
    const textOf = (hex: string) => Buffer.from(hex, 'hex').toString();
    const textsOf = (column: string): Texts =>
      new Map(
        rows
          .filter((row) => row[column] !== null)
          .map((row) => [Number(textOf(row.id!)), textOf(row[column]!).replace(/^(.*) \(BC\)(.*)$/, '$1$2 BC')]),
      );
    expect(reasonsOf(moved)).toMatchInlineSnapshot(`
      [
        "numeric(10,2) = "NaN": DECIMAL(10,2) cannot hold it exactly",
        "timestamp = "294276-12-31T23:59:59.999999": TIMESTAMP cannot hold it exactly",
        "timestamp with time zone = "294276-12-31T23:59:59.999999Z": TIMESTAMP WITH TIME ZONE cannot hold it exactly",
        "json = "\\"\\\\ud800\\"": DuckDB considers it malformed JSON",
      ]
    `);
    // Rejected values are missing. DuckDB loses -0: see docs/reference/types.md.
    expect(await allDifferences(textsOf, () => undefined)).toMatchInlineSnapshot(`
      [
        [
          "numeric(10,2)",
          [
            [
              "NaN",
              null,
            ],
          ],
        ],
        [
          "real",
          [
            [
              "-0",
              "0.0",
            ],
          ],
        ],
        [
          "double precision",
          [
            [
              "-0",
              "0.0",
            ],
          ],
        ],
        [
          "timestamp",
          [
            [
              "294276-12-31 23:59:59.999999",
              null,
            ],
          ],
        ],
        [
          "timestamp with time zone",
          [
            [
              "294276-12-31 23:59:59.999999+00",
              null,
            ],
          ],
        ],
        [
          "json",
          [
            [
              ""\\ud800"",
              null,
            ],
          ],
        ],
      ]
    `);
  });

  test('into a csv file: unchanged when PostgreSQL reads it', async () => {
    const folder = await temporary();
    const moved = await move({
      format,
      transformed: false,
      from: from(),
      to: { path: folder, format: 'csv' },
      destination: connectorOf({ ...file }, { name: 'file', version: '0.0.0' }),
    });
    expect(reasonsOf(moved)).toEqual([]);
    const texts = await readCsv(`${folder}/everything.csv`);
    expect(await allDifferences((column) => texts.get(column)!, decodedOf)).toEqual([]);
  });

  test('into an ndjson file: unchanged when PostgreSQL reads it', async () => {
    const folder = await temporary();
    const moved = await move({
      format,
      transformed: false,
      from: from(),
      to: { path: folder, format: 'ndjson' },
      destination: connectorOf({ ...file }, { name: 'file', version: '0.0.0' }),
    });
    expect(reasonsOf(moved)).toEqual([]);
    const text = await readFile(`${folder}/everything.ndjson`, 'utf8');
    const lines = text.split('\n').slice(0, -1);
    const textsOf = new Map<string, Texts>();
    for (const { column } of present) {
      const { rows } = await client.query(
        `SELECT line::json->>'id' AS id, line::json->>'${column}' AS v FROM unnest($1::text[]) AS line WHERE line::json->>'${column}' IS NOT NULL`,
        [lines.filter((line) => line.includes(`"${column}"`))],
      );
      textsOf.set(column, new Map(rows.map(({ id, v }) => [Number(id), v])));
    }
    expect(await allDifferences((column) => textsOf.get(column)!, decodedOf)).toEqual([]);
  });
});

/** Decodes bytes, which are base64 in files. */
function decodedOf({ type }: TypeColumn): string | undefined {
  return type === 'bytea' ? `decode(g.v, 'base64')` : undefined;
}

/** Reads a csv file with PostgreSQL, all columns as text. */
async function readCsv(path: string): Promise<Map<string, Texts>> {
  const text = await readFile(path, 'utf8');
  const names = ['id', ...present.map(({ column }) => column)];
  await client.query(
    `DROP TABLE IF EXISTS read; CREATE TABLE read (${names.map((name) => `${name} text`).join(', ')})`,
  );
  await copyIn(client, 'COPY read FROM STDIN (FORMAT csv, HEADER MATCH)', [Buffer.from(text)]);
  const texts = new Map<string, Texts>();
  for (const { column } of present) {
    const { rows } = await client.query(`SELECT id, ${column} AS v FROM read WHERE ${column} IS NOT NULL`);
    texts.set(column, new Map(rows.map(({ id, v }) => [Number(id), v])));
  }
  return texts;
}
