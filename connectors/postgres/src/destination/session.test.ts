import type { JsonRecord, LedgerRow, LoadTarget, RecordSchema } from '@aries-data/sdk';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../../../../test/services/database.ts';
import { startProxy } from '../../../../test/services/tcp-proxy.ts';
import { ledgerRow, loadOne, openSession, silent, sql, targetOf } from '../testing/harness.ts';

/** Not used by a load whose session undoes what it does not commit. */
const PLACE = { part: 'part', index: 0 };

let database: FreshDatabase;

beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());
beforeEach(() => sql(database.url, 'DROP SCHEMA public CASCADE', 'CREATE SCHEMA public'));

const schema: RecordSchema = {
  type: 'object',
  properties: { id: { type: 'integer' }, name: { type: ['string', 'null'] } },
  required: ['id'],
};
const rows = (...ids: number[]): JsonRecord[] => ids.map((id) => ({ id, name: `name ${id}` }));
const target = (options: Partial<LoadTarget> = {}) => targetOf(schema, { primaryKey: ['id'], ...options });
const ids = async (table = 'items') =>
  (await sql(database.url, `SELECT id::int FROM ${table} ORDER BY id`)).map(({ id }) => id);
const tables = async () =>
  (
    await sql(
      database.url,
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
    )
  ).map(({ relname }) => relname);

describe('the ledger', () => {
  test('returns rows as written, with the identity of the table', async () => {
    const one = target();
    const row: LedgerRow = ledgerRow(one, {
      disposition: 'replace-interval',
      interval: { start: '2026-01-01T00:00:00.000Z', end: '2026-01-02T00:00:00.000Z' },
      stateBefore: null,
      stateAfter: { cursor: '2026-01-01', keys: [[1, 'a "b"', null, '9223372036854775807']] },
      rows: 2,
    });
    const session = await openSession(database.url);
    expect(await session.ledger(['items'])).toEqual([]);
    const load = await session.open(one, () => {});
    await load.writeBatch(rows(1), PLACE);
    await load.finish();
    await session.commit([row], () => {});
    await session.close();

    const again = await openSession(database.url);
    const [oid] = await sql(database.url, `SELECT 'items'::regclass::oid::text AS oid`);
    expect(await again.ledger(['items', 'other'])).toEqual([{ ...row, identity: `oid ${oid!.oid}` }]);
    expect(await again.inspect(one)).toMatchObject({ exists: true, identity: `oid ${oid!.oid}`, changes: [] });
    expect(await again.inspect(target({ target: 'other' }))).toMatchObject({ exists: false, changes: [] });
    expect(await again.forget('nobody')).toBe(0);
    expect(await again.forget('test')).toBe(1);
    expect(await again.ledger(['items'])).toEqual([]);
    await again.close();
  });

  test('says what it is', async () => {
    await loadOne(database.url, target(), (load) => load.writeBatch(rows(1), PLACE));
    const [{ comment }] = await sql(database.url, `SELECT obj_description('_aries_ledger'::regclass) AS comment`);
    expect(comment).toContain('Aries writes a row here in the transaction of each load');
  });

  test('rows come oldest first, of all pipelines', async () => {
    for (const pipeline of ['a', 'b', 'a'])
      await loadOne(database.url, target({ disposition: 'merge' }), (load) => load.writeBatch(rows(1), PLACE), {
        pipeline,
      });
    const session = await openSession(database.url);
    expect((await session.ledger(['items'])).map(({ pipeline }) => pipeline)).toEqual(['a', 'b', 'a']);
    await session.close();
  });

  test('is written with the data or not at all', async () => {
    await sql(
      database.url,
      'CREATE TABLE items (id int, name text)',
      'CREATE TABLE others (id int PRIMARY KEY, name text)',
    );
    const [one, two] = [target({ primaryKey: [] }), target({ target: 'others', disposition: 'merge' })];
    const session = await openSession(database.url);
    for (const each of [one, two]) {
      const load = await session.open(each, () => {});
      await load.writeBatch(rows(1, 2), PLACE);
      await load.finish();
    }
    expect([await ids(), await ids('others')]).toEqual([[], []]);
    await session.close();
    expect([await ids(), await ids('others'), await tables()]).toEqual([[], [], ['items', 'others']]);
  });

  test('several streams become visible at once', async () => {
    const session = await openSession(database.url, { concurrency: 2 });
    const all = ['append', 'replace', 'merge'].map((disposition) =>
      target({ target: `t_${disposition}`, disposition: disposition as 'append' }),
    );
    const loads = await Promise.all(all.map((one) => session.open(one, () => {})));
    await Promise.all(loads.map((load) => load.writeBatch(rows(1, 2), PLACE)));
    for (const load of loads) await load.finish();
    expect(await tables()).not.toContain('t_append');
    await session.commit(
      all.map((one) => ledgerRow(one)),
      () => {},
    );
    await session.close();
    expect(await tables()).toEqual(['_aries_ledger', 't_append', 't_merge', 't_replace']);
    for (const one of all) expect(await ids(one.target)).toEqual([1, 2]);
  });
});

describe('two loads at once', () => {
  test('of one pipeline into one table: the second waits for the lock time-out, then ends with 75', async () => {
    const first = await openSession(database.url);
    await first.open(target(), () => {});
    const second = await openSession(database.url, { lockTimeout: 0.3 });
    await expect(second.open(target(), () => {})).rejects.toMatchObject({
      code: 'ATTEMPT_CONFLICT',
      exitCode: 75,
      message: 'Another load of the pipeline "test" into "items" is running',
    });
    await second.close();
    await first.close();
  });

  test('the second also ends with 75 if the first committed after the second had read the ledger', async () => {
    await loadOne(database.url, target(), (load) => load.writeBatch(rows(1), PLACE));
    const late = await openSession(database.url);
    await late.ledger(['items']);
    await loadOne(database.url, target(), (load) => load.writeBatch(rows(2), PLACE));
    await expect(late.open(target(), () => {})).rejects.toMatchObject({
      code: 'ATTEMPT_CONFLICT',
      message: 'Another load of the pipeline "test" into "items" has just finished',
    });
    await late.close();
  });

  test('of two pipelines: both merge, one after the other', async () => {
    await loadOne(database.url, target(), (load) => load.writeBatch(rows(1), PLACE));
    const load = (pipeline: string, name: string) =>
      loadOne(
        database.url,
        target({ disposition: 'merge' }),
        (one) =>
          one.writeBatch(
            Array.from({ length: 200 }, (_, id) => ({ id, name })),
            PLACE,
          ),
        {
          pipeline,
          lockTimeout: 20,
        },
      );
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => load(name, name)));
    expect(await ids()).toHaveLength(200);
    const names = await sql(database.url, 'SELECT DISTINCT name FROM items');
    expect(names).toHaveLength(1);
  });

  test('the first ones into a new schema create one ledger', async () => {
    await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) =>
        loadOne(database.url, target({ target: name }), (load) => load.writeBatch(rows(1), PLACE), { pipeline: name }),
      ),
    );
    expect(await sql(database.url, 'SELECT count(*)::int AS n FROM _aries_ledger')).toEqual([{ n: 4 }]);
  });

  test('a table that is created or dropped during the load is noticed', async () => {
    const write = (change: string) =>
      loadOne(database.url, target({ disposition: 'merge' }), async (load) => {
        await load.writeBatch(rows(1), PLACE);
        await sql(database.url, change);
      });
    await expect(write('CREATE TABLE items (id int)')).rejects.toMatchObject({ code: 'ATTEMPT_CONFLICT' });
    await sql(database.url, 'DROP TABLE items');
    await write('SELECT 1');
    await expect(write('DROP TABLE items')).rejects.toMatchObject({ code: 'ATTEMPT_CONFLICT' });
  });

  test('a table locked by a long write: 75 after the lock time-out', async () => {
    await loadOne(database.url, target(), (load) => load.writeBatch(rows(1), PLACE));
    const other = new pg.Client({ connectionString: database.url });
    await other.connect();
    await other.query('BEGIN');
    await other.query('UPDATE items SET name = name');
    await expect(
      loadOne(database.url, target({ disposition: 'merge' }), (load) => load.writeBatch(rows(1), PLACE), {
        lockTimeout: 0.5,
      }),
    ).rejects.toMatchObject({ code: 'RESOURCE_BUSY', exitCode: 75 });
    await other.end();
  });
});

describe('what is left behind', () => {
  test('nothing, after a load that failed or was stopped', async () => {
    const failing = loadOne(database.url, target({ disposition: 'replace' }), async (load) => {
      await load.writeBatch(rows(1), PLACE);
      throw new Error('the engine stops');
    });
    await expect(failing).rejects.toThrow('the engine stops');
    expect(await tables()).toEqual([]);

    const stop = new AbortController();
    const stopped = loadOne(
      database.url,
      target({ disposition: 'replace' }),
      async (load) => {
        await load.writeBatch(rows(1), PLACE);
        stop.abort();
        await load.writeBatch(rows(2), PLACE);
        await load.writeBatch(rows(3), PLACE);
      },
      { signal: stop.signal },
    );
    await expect(stopped).rejects.toMatchObject({ kind: 'transient' });
    expect(await tables()).toEqual([]);
  });

  test('the next load drops load tables of dead sessions, but not of living ones', async () => {
    const living = await openSession(database.url, { pipeline: 'living' });
    const load = await living.open(target({ target: 'slow' }), () => {});
    await load.writeBatch(rows(1), PLACE);
    await sql(
      database.url,
      'CREATE TABLE _aries_load_00dead00_1 (a int)',
      'CREATE TABLE _aries_load_00dead00_2 (a int)',
    );
    const info = vi.fn();
    await loadOne(database.url, target(), (one) => one.writeBatch(rows(1), PLACE), { log: { ...silent, info } });
    expect(info.mock.calls.map(([message]) => message)).toEqual([
      'Dropped _aries_load_00dead00_1, which an interrupted load left behind',
      'Dropped _aries_load_00dead00_2, which an interrupted load left behind',
    ]);
    expect((await tables()).filter((name) => name.startsWith('_aries_load'))).toHaveLength(1);
    await load.finish();
    await living.commit([ledgerRow(target({ target: 'slow' }))], () => {});
    await living.close();
    expect(await tables()).toEqual(['_aries_ledger', 'items', 'slow']);
  });

  test('a broken connection ends with 75; before COMMIT nothing is visible, and the lock is free', async () => {
    const { hostname, port } = new URL(database.url);
    await using proxy = await startProxy({ host: hostname, port: Number(port) });
    const url = new URL(database.url);
    url.port = String(proxy.port);
    const session = await openSession(url.href);
    const load = await session.open(target(), () => {});
    await load.writeBatch(rows(1), PLACE);
    await load.finish();
    proxy.cut();
    await expect(session.commit([ledgerRow(target())], () => {})).rejects.toMatchObject({
      code: 'UNREACHABLE',
      exitCode: 75,
    });
    await session.close();
    expect((await tables()).filter((name) => !name.startsWith('_aries'))).toEqual([]);
    await loadOne(database.url, target(), (one) => one.writeBatch(rows(1), PLACE));
    expect(await tables()).toEqual(['_aries_ledger', 'items']);
  });

  test('a load that is stopped while it copies ends within a second', async () => {
    const stop = new AbortController();
    const session = await openSession(database.url, { signal: stop.signal });
    const load = await session.open(target(), () => {});
    const endless = {
      format: 'csv',
      rows: 1,
      batches: async function* () {},
      open: async () =>
        (await import('node:stream')).Readable.from(
          (function* () {
            for (;;) yield Buffer.from('1,a\n'.repeat(10_000));
          })(),
        ),
    } as const;
    await load.writePart!(endless as never);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const start = Date.now();
    stop.abort();
    await expect(load.finish()).rejects.toMatchObject({ kind: 'transient' });
    await session.close();
    expect(Date.now() - start).toBeLessThan(1000);
    expect(await tables()).toEqual([]);
  });
});
