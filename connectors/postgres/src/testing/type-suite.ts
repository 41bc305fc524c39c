import type { Disposition, StagedFormat } from '@aries-data/sdk';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql, type TestDatabase } from './harness.ts';
import { hostileRoles } from './hostile-roles.ts';
import { changesOf, type Lane, type Moved, move } from './move.ts';
import { COLUMNS, makeTable, ROWS, type TypeColumn } from './type-source.ts';
import { WITHOUT_INPUT } from './type-table.ts';

const FORMATS: StagedFormat[] = ['csv', 'ndjson', 'pgcopy'];

const LANES: [name: string, lane: Lane][] = [
  ...FORMATS.map((format): [string, Lane] => [`staged as ${format}`, { format, transformed: false }]),
  ['staged as csv, every record looked at', { format: 'csv', transformed: true }],
  ['staged as pgcopy, every record looked at', { format: 'pgcopy', transformed: true }],
];

/** Returns the columns that a format can hold: all, or those with a fully supported binary form. */
async function columnsOf({ format }: Lane, url: string, isPgcopyType: (type: string) => boolean): Promise<string[]> {
  const rows = await sql(
    url,
    `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
      WHERE attrelid = 'source.everything'::regclass AND attnum > 0 ORDER BY attnum`,
  );
  return rows.filter(({ type }) => format !== 'pgcopy' || isPgcopyType(type)).map(({ name }) => name);
}

/**
 * Declares tests of the type table: PostgreSQL → staging → PostgreSQL, on the server of the given database, which also compares. Both
 * ends connect as roles with the worst possible settings.
 */
export function describeTypes(
  freshDatabase: () => Promise<TestDatabase>,
  isPgcopyType: (type: string) => boolean,
): void {
  let database: TestDatabase;
  let roles: Awaited<ReturnType<typeof hostileRoles>>;
  let present: TypeColumn[];
  let client: pg.Client;

  beforeAll(async () => {
    database = await freshDatabase();
    roles = await hostileRoles(database.url);
    present = await makeTable(database.url, 'source');
    client = new pg.Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await roles.drop(() => database[Symbol.asyncDispose]());
  });

  test('the table has every built-in type', async () => {
    const rows = await sql(
      database.url,
      `SELECT format_type(oid, NULL) AS type FROM pg_type
        WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A'
          AND oid NOT IN (SELECT atttypid FROM pg_attribute WHERE attrelid = 'source.everything'::regclass)
        ORDER BY 1`,
    );
    expect(rows.map(({ type }) => type).filter((type) => !WITHOUT_INPUT.includes(type))).toEqual([]);
  });

  describe.each(LANES)('%s', (name, lane) => {
    const schema = `target_${LANES.findIndex(([other]) => other === name)}`;
    let moved: Moved;
    let columns: string[];
    const moveThere = (disposition: Disposition) =>
      move({
        ...lane,
        from: { url: roles.reader, schema: 'source' },
        to: { url: roles.writer, schema },
        streams: [{ name: 'everything', columns }],
        disposition,
      });
    beforeAll(async () => {
      await sql(database.url, `CREATE SCHEMA ${schema}`);
      columns = await columnsOf(lane, database.url, isPgcopyType);
      moved = await moveThere('replace');
    });

    test('every row arrives', async () => {
      expect(columns.length).toBeGreaterThan(lane.format === 'pgcopy' ? 25 : present.length);
      expect(moved.rejected).toEqual({});
      expect(moved.loaded.streams.everything).toMatchObject({ records: ROWS, rejected: 0 });
      expect(await sql(database.url, `SELECT count(*)::int AS rows FROM ${schema}.everything`)).toEqual([
        { rows: ROWS },
      ]);
    });

    test('merging the same again changes nothing', async () => {
      const { loaded } = await moveThere('merge');
      expect(loaded.streams.everything).toMatchObject({ inserted: 0, updated: 0, unchanged: ROWS });
    });

    test.skipIf(lane.format === 'pgcopy')('a dry run finds nothing to change, for either role', async () => {
      for (const url of [roles.reader, roles.writer, database.url]) {
        const changes = await changesOf({ from: { url: roles.reader, schema: 'source' }, to: { url, schema } });
        expect(changes).toEqual([]);
      }
    });

    test.each(COLUMNS.map((row): [string, string] => [row.type, row.column]))('%s', async (_, column) => {
      if (!columns.includes(column)) return;
      expect(await differences(client, schema, column)).toEqual([]);
      expect(await columnOf(client, schema, column)).toEqual(await columnOf(client, 'source', column));
    });
  });
}

/** Lists values that differ as stored or as printed. `=` is not enough: 1.0 equals 1.00, -0 equals 0, and some types lack it. */
async function differences(client: pg.Client, schema: string, column: string) {
  const { rows } = await client.query(
    `SELECT left(a.${column}::text, 100) AS source, left(b.${column}::text, 100) AS target
       FROM source.everything a FULL JOIN ${schema}.everything b USING (id)
      WHERE ROW(a.${column})::record OPERATOR(pg_catalog.*<>) ROW(b.${column})::record
         OR a.${column}::text COLLATE "C" IS DISTINCT FROM b.${column}::text COLLATE "C"`,
  );
  return rows;
}

async function columnOf(client: pg.Client, schema: string, column: string) {
  const { rows } = await client.query(
    `SELECT format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
      WHERE attrelid = '${schema}.everything'::regclass AND attname = '${column}'`,
  );
  return rows;
}
