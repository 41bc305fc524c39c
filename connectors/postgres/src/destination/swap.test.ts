import type { JsonRecord, RecordSchema } from '@aries-data/sdk';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { type LoadOptions, ledgerRow, loadOne, openSession, sql, targetOf } from '../testing/harness.ts';

/** Not used by a load whose session undoes what it does not commit. */
const PLACE = { part: 'part', index: 0 };

let database: FreshDatabase;
let role: string;

beforeAll(async () => {
  database = await freshDatabase();
  role = `analyst_${new URL(database.url).pathname.slice(1)}`;
  await sql(database.url, `CREATE ROLE ${role}`);
});
afterAll(async () => {
  await sql(database.url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  await database[Symbol.asyncDispose]();
});
beforeEach(() => sql(database.url, 'DROP TABLE IF EXISTS items CASCADE'));

const schema: RecordSchema = {
  type: 'object',
  properties: { id: { type: 'integer' }, name: { type: ['string', 'null'] } },
  required: ['id'],
};
const rows = (...ids: number[]): JsonRecord[] => ids.map((id) => ({ id, name: `name ${id}` }));
const replace = (records: JsonRecord[], options: LoadOptions = {}) =>
  loadOne(
    database.url,
    targetOf(schema, { disposition: 'replace', primaryKey: ['id'] }),
    (load) => load.writeBatch(records, PLACE),
    options,
  );
const oid = async () => (await sql(database.url, `SELECT 'items'::regclass::oid AS oid`))[0].oid as number;
const ids = async () => (await sql(database.url, 'SELECT id::int FROM items ORDER BY id')).map(({ id }) => id);

async function open(): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

describe('a table created by Aries', () => {
  test('is swapped for another, keeping indexes, grants and comments', async () => {
    await replace(rows(1, 2));
    await sql(
      database.url,
      'CREATE INDEX "by name" ON items (lower(name)) WHERE id > 0',
      'CREATE UNIQUE INDEX items_u ON items (name, id) INCLUDE (name)',
      'ALTER TABLE items ADD CONSTRAINT no_twins UNIQUE (name)',
      'ALTER TABLE items ADD CONSTRAINT positive CHECK (id > 0)',
      `ALTER TABLE items ALTER name SET DEFAULT 'x'`,
      `COMMENT ON TABLE items IS 'it''s a table'`,
      `COMMENT ON COLUMN items.name IS 'a column'`,
      `COMMENT ON INDEX "by name" IS 'an index'`,
      `GRANT SELECT ON items TO ${role} WITH GRANT OPTION`,
      'GRANT SELECT (id), UPDATE (name) ON items TO PUBLIC',
      'REVOKE TRUNCATE ON items FROM postgres',
    );
    const looks = () =>
      sql(
        database.url,
        `SELECT obj_description(c.oid) AS comment, col_description(c.oid, 2) AS column_comment, c.relacl::text AS acl, c.reloptions,
                (SELECT array_agg(attacl::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0) AS column_acls,
                (SELECT json_agg(json_build_array(x.relname, pg_get_indexdef(x.oid), obj_description(x.oid)) ORDER BY x.relname)
                   FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid) AS indexes,
                (SELECT json_agg(json_build_array(conname, pg_get_constraintdef(oid)) ORDER BY conname) FROM pg_constraint WHERE conrelid = c.oid) AS constraints,
                (SELECT json_agg(json_build_array(attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(d.adbin, d.adrelid)) ORDER BY attnum)
                   FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE attrelid = c.oid AND attnum > 0) AS columns
           FROM pg_class c WHERE c.oid = 'items'::regclass`,
      );
    const [before, first] = [await looks(), await oid()];
    expect(await replace(rows(2, 3))).toMatchObject({ received: 2 });
    expect(await oid()).not.toBe(first);
    expect(await looks()).toEqual(before);
    expect(await ids()).toEqual([2, 3]);
    expect(await sql(database.url, `SELECT relname FROM pg_class WHERE relname LIKE '\\_aries\\_load%'`)).toEqual([]);
  });

  test('can be swapped again after its columns changed', async () => {
    await replace(rows(1));
    const first = await oid();
    const wider = { ...schema, properties: { ...schema.properties, more: { type: 'string' } } };
    const target = targetOf(wider, { disposition: 'replace', primaryKey: ['id'] });
    await loadOne(database.url, target, (load) => load.writeBatch([{ id: 2, name: null, more: 'x' }], PLACE));
    expect(await oid()).not.toBe(first);
    expect(await sql(database.url, 'SELECT * FROM items')).toEqual([{ id: '2', name: null, more: 'x' }]);
    await replace(rows(3));
    expect(await sql(database.url, 'SELECT * FROM items')).toEqual([{ id: '3', name: 'name 3', more: null }]);
  });

  test.each([
    ['a view', 'CREATE VIEW dependent AS SELECT * FROM items'],
    ['a foreign key to it', 'CREATE TABLE dependent (item bigint REFERENCES items)'],
    ['a function of its row', `CREATE FUNCTION dependent(items) RETURNS text LANGUAGE sql AS 'SELECT $1.name'`],
    ['a column of its row type', 'CREATE TABLE dependent (rows items[])'],
    [
      'a trigger',
      `CREATE FUNCTION dependent() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER t AFTER INSERT ON items EXECUTE FUNCTION dependent()`,
    ],
    ['a rule', 'CREATE RULE dependent AS ON UPDATE TO items DO ALSO NOTHING'],
    ['a policy', 'CREATE POLICY dependent ON items USING (true)'],
    ['a publication', 'CREATE PUBLICATION dependent FOR TABLE items'],
    ['a sequence', "CREATE SEQUENCE dependent; ALTER TABLE items ALTER id SET DEFAULT nextval('dependent')"],
    ['an identity', 'ALTER TABLE items ALTER id ADD GENERATED BY DEFAULT AS IDENTITY'],
    ['statistics', 'CREATE STATISTICS dependent ON id, name FROM items'],
    ['settings', 'ALTER TABLE items SET (fillfactor = 50)'],
    ['a child', 'CREATE TABLE dependent () INHERITS (items)'],
    ['an exclusion constraint', 'ALTER TABLE items ADD EXCLUDE USING btree (id WITH =)'],
    ['a deferrable constraint', 'ALTER TABLE items ADD UNIQUE (name) DEFERRABLE'],
    ['another owner', 'ALTER TABLE items OWNER TO %role'],
  ])('with %s keeps its identity: rows are replaced inside it', async (_, statement) => {
    await using db = await freshDatabase();
    const load = (records: JsonRecord[]) =>
      loadOne(db.url, targetOf(schema, { disposition: 'replace', primaryKey: ['id'] }), (one) =>
        one.writeBatch(records, PLACE),
      );
    await load(rows(1, 2));
    await sql(db.url, statement.replace('%role', role));
    const before = await sql(db.url, `SELECT 'items'::regclass::oid AS oid`);
    await load(rows(2, 3));
    expect(await sql(db.url, `SELECT 'items'::regclass::oid AS oid`)).toEqual(before);
    expect((await sql(db.url, 'SELECT id::int FROM ONLY items ORDER BY id')).map(({ id }) => id)).toEqual([2, 3]);
    if (statement.startsWith('ALTER TABLE items OWNER')) await sql(db.url, 'DROP TABLE items');
  });

  test('a view created during the load stays: rows are replaced inside the table', async () => {
    await replace(rows(1));
    const first = await oid();
    const target = targetOf(schema, { disposition: 'replace', primaryKey: ['id'] });
    await loadOne(database.url, target, async (load) => {
      await load.writeBatch(rows(2), PLACE);
      await sql(database.url, 'CREATE VIEW late AS SELECT * FROM items');
    });
    expect(await sql(database.url, 'SELECT id::int FROM late')).toEqual([{ id: 2 }]);
    expect(await oid()).toBe(first);
  });

  test('an index created during the load is not lost: the next load copies it', async () => {
    await replace(rows(1));
    const target = targetOf(schema, { disposition: 'replace', primaryKey: ['id'] });
    const session = await openSession(database.url);
    const load = await session.open(target, () => {});
    await load.writeBatch(rows(2), PLACE);
    await load.finish();
    await sql(database.url, 'CREATE INDEX late ON items (name)');
    await expect(session.commit([ledgerRow(target)], () => {})).rejects.toMatchObject({
      code: 'ATTEMPT_CONFLICT',
      exitCode: 75,
    });
    await session.close();
    expect(await ids()).toEqual([1]);
    await replace(rows(2));
    expect(await sql(database.url, `SELECT 'late'::regclass::text AS name`)).toEqual([{ name: 'late' }]);
  });
});

describe('readers', () => {
  test('one that polls sees the old rows or the new, never fewer', async () => {
    await replace(rows(...Array.from({ length: 100 }, (_, i) => i)));
    await using reader = await open();
    const seen = new Set<number>();
    let done = false;
    const polling = (async () => {
      while (!done) seen.add((await reader.query('SELECT count(*)::int AS n FROM items')).rows[0].n);
    })();
    for (let n = 101; n < 106; n++) await replace(rows(...Array.from({ length: n }, (_, i) => i)));
    done = true;
    await polling;
    for (const n of seen) expect(n).toBeGreaterThanOrEqual(100);
  });

  test('a REPEATABLE READ transaction that began before the load, and looks only after it, sees the old rows', async () => {
    await replace(rows(1, 2));
    await using reader = await open();
    await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await reader.query('SELECT 1');
    await replace(rows(3));
    expect((await reader.query('SELECT id::int FROM items ORDER BY id')).rows.map(({ id }) => id)).toEqual([1, 2]);
    await reader.query('COMMIT');
    expect(await ids()).toEqual([3]);
  });

  test('a REPEATABLE READ transaction that began during the load sees the old rows or the new', async () => {
    await replace(rows(1, 2));
    await using reader = await open();
    const target = targetOf(schema, { disposition: 'replace', primaryKey: ['id'] });
    await loadOne(database.url, target, async (load) => {
      await load.writeBatch(rows(3), PLACE);
      await load.writeBatch(rows(4), PLACE);
      await reader.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await reader.query('SELECT 1');
      await load.writeBatch(rows(5), PLACE);
    });
    const seen = (await reader.query('SELECT id::int FROM items ORDER BY id')).rows.map(({ id }) => id);
    expect([
      [1, 2],
      [3, 4, 5],
    ]).toContainEqual(seen);
    await reader.query('COMMIT');
  });

  test('one that stays delays the load for at most the lock time-out: 75, nothing changed', async () => {
    await replace(rows(1));
    await using reader = await open();
    await reader.query('BEGIN');
    await reader.query('SELECT * FROM items');
    const start = Date.now();
    await expect(replace(rows(2), { lockTimeout: 1 })).rejects.toMatchObject({
      code: 'RESOURCE_BUSY',
      exitCode: 75,
      message: '"public"."items" is locked by others for more than 1 s',
    });
    expect(Date.now() - start).toBeLessThan(5000);
    expect((await reader.query('SELECT id::int FROM items')).rows).toEqual([{ id: 1 }]);
    await reader.query('COMMIT');
    expect(await ids()).toEqual([1]);
  });

  test('one that leaves in time does no harm', async () => {
    await replace(rows(1));
    await using reader = await open();
    await reader.query('BEGIN');
    await reader.query('SELECT * FROM items');
    setTimeout(() => void reader.query('COMMIT'), 600);
    await replace(rows(2), { lockTimeout: 5 });
    expect(await ids()).toEqual([2]);
  });
});

test('a column added during the load is not lost', async () => {
  await replace(rows(1));
  const target = targetOf(schema, { disposition: 'replace', primaryKey: ['id'] });
  await expect(
    loadOne(database.url, target, async (load) => {
      await load.writeBatch(rows(2), PLACE);
      await sql(database.url, 'ALTER TABLE items ADD late int');
    }),
  ).rejects.toMatchObject({
    code: 'ATTEMPT_CONFLICT',
    message: 'The table "items" was changed by somebody else during the load',
  });
  await replace(rows(2));
  expect(await sql(database.url, 'SELECT id::int, late FROM items')).toEqual([{ id: 2, late: null }]);
});
