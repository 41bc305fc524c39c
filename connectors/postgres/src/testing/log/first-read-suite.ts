import { spawn } from 'node:child_process';
import pg from 'pg';
import { expect, test } from 'vitest';
import { sourceConfig } from '../../config.ts';
import { connect, query } from '../../connect/connect.ts';
import { createSlot } from '../../log/slot.ts';
import { openWalSession, replicationRow } from '../../log/wal-session.ts';
import { sql } from '../harness.ts';
import { logDatabase, type StartServer } from './log-database.ts';
import { logSource, type SeenChanges } from './log-harness.ts';

/** Declares tests of first reads, on a server that `start` starts. */
export function describeFirstRead(start: StartServer): void {
  const database = logDatabase(start);
  const { run } = database;

  type Rows = Map<string, unknown>;

  /** Applies changes to a copy, as a target does. */
  function apply(rows: Rows, changes: SeenChanges['changes'][string] = []): void {
    const keyOf = (record: object) => JSON.stringify((record as { id: unknown }).id);
    for (const [op, record] of changes) {
      if (op === 't') rows.clear();
      else if (op === 'u') rows.set(keyOf(record!), record);
      else rows.delete(keyOf(record!));
    }
  }

  const sorted = (rows: Rows) => [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, record]) => record);

  test('a table is read over several connections under the snapshot of the slot, while others write: nothing is lost or repeated', async () => {
    await run(
      'CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL, note text)',
      `INSERT INTO t SELECT i, 0, repeat('x', 900) FROM generate_series(1, 40000) AS i`,
    );
    let stop = false;
    const writer = async (seed: number) => {
      const client = new pg.Client(database.url);
      await client.connect();
      for (let round = 0; !stop; round++) {
        const id = ((round * 7919 + seed) % 40_000) + 1;
        await client
          .query(
            `BEGIN; UPDATE t SET n = n + 1, note = 'changed' WHERE id = ${id}; DELETE FROM t WHERE id = ${id + 3};
         INSERT INTO t VALUES (${100_000 + seed * 10_000_000 + round}, 1, 'new'); UPDATE t SET id = -id WHERE id = ${id + 5}; COMMIT`,
          )
          .catch((error) => {
            // Two writers may want the same key.
            if (error.code !== '23505' && error.code !== '40P01') throw error;
            return client.query('ROLLBACK');
          });
      }
      await client.end();
    };
    const writers = [1, 2].map(writer);
    const source = await logSource(database.url);
    const { records, position, parts } = await source.first('t', { concurrency: 3 });
    expect(parts).toBeGreaterThan(1);
    const rows: Rows = new Map(records.map((record) => [JSON.stringify(record.id), record]));
    expect(rows.size).toBe(records.length);
    let positions = { t: position! };
    for (let round = 0; round < 3; round++) {
      const seen = await source.read(positions);
      expect(seen.changes.t!.length).toBeGreaterThan(0);
      apply(rows, seen.changes.t);
      positions = { t: seen.position! };
      await source.released(positions);
    }
    stop = true;
    await Promise.all(writers);
    apply(rows, (await source.read(positions)).changes.t);
    const now = await run('SELECT id, n, note FROM t');
    expect(sorted(rows)).toEqual(sorted(new Map(now.map((row) => [JSON.stringify(row.id), row]))));
  });

  test('tables that are read one after the other share a snapshot, and a table that joins later gets one of its own', async () => {
    await run(
      'CREATE TABLE a (id int PRIMARY KEY)',
      'CREATE TABLE b (id int PRIMARY KEY)',
      'INSERT INTO a VALUES (1)',
      'INSERT INTO b VALUES (1)',
    );
    const source = await logSource(database.url);
    const a = await source.first('a');
    await run('INSERT INTO a VALUES (2)', 'INSERT INTO b VALUES (2)');
    const b = await source.first('b');
    expect(b.records).toEqual([{ id: 1 }]);
    expect(b.position).toEqual(a.position);
    await run('CREATE TABLE c (id int PRIMARY KEY)', 'INSERT INTO c VALUES (1)');
    const next = await logSource(database.url);
    const c = await next.first('c');
    await run('INSERT INTO c VALUES (2)', 'DELETE FROM a WHERE id = 1');
    expect(c.records).toEqual([{ id: 1 }]);
    expect(await run('SELECT slot_name FROM pg_replication_slots WHERE NOT temporary')).toEqual([
      { slot_name: 'aries_test' },
    ]);
    const seen = await next.read({ a: a.position!, b: b.position!, c: c.position! });
    expect(seen.changes).toEqual({
      a: [
        ['u', { id: 2 }],
        ['d', { id: 1 }],
      ],
      b: [['u', { id: 2 }]],
      c: [['u', { id: 2 }]],
    });
  });

  test('a first read that was finished reads nothing', async () => {
    await run('CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1)');
    const source = await logSource(database.url);
    const { position } = await source.first('t');
    expect(await source.first('t', { position: position! })).toEqual({ records: [], position: undefined, parts: 0 });
  });

  test('the slot of an attempt that died serves the next, which reads the table as it is by then', async () => {
    await run('CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1)');
    await run('CREATE PUBLICATION aries_test FOR TABLE t WITH (publish_via_partition_root = true)');
    // The slot as an attempt leaves it that is killed before its first commit.
    const config = sourceConfig.parse({ url: database.url, mode: 'log', slot: 'aries_test' });
    const dying = await openWalSession(config, new AbortController().signal);
    await replicationRow(dying, createSlot('aries_test'));
    await dying.abort();
    await run('INSERT INTO t VALUES (2)', 'DELETE FROM t WHERE id = 1');
    const source = await logSource(database.url);
    const { records, position } = await source.first('t');
    expect(records).toEqual([{ id: 2 }]);
    await run('INSERT INTO t VALUES (3)');
    expect((await source.read({ t: position! })).changes.t).toEqual([['u', { id: 3 }]]);
  });

  test('a table that is rewritten between snapshot and read is not taken for an empty one', async () => {
    await run('CREATE TABLE t (id int PRIMARY KEY)', 'CREATE TABLE u (id int PRIMARY KEY)', 'INSERT INTO u VALUES (1)');
    const source = await logSource(database.url);
    await source.first('t');
    await run('ALTER TABLE u ALTER id TYPE int USING id + 0, ADD x float DEFAULT random()', 'ALTER TABLE u DROP x');
    await expect(source.first('u')).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  test('the connection that holds the snapshot does not keep a process alive', async () => {
    await run('CREATE TABLE t (id int PRIMARY KEY)');
    const script = `
    const { logSource } = await import(${JSON.stringify(new URL('./log-harness.ts', import.meta.url).href)});
    const source = await logSource(${JSON.stringify(database.url)});
    await source.first('t');
    console.log('read');`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const began = Date.now();
    await new Promise((resolve) => child.once('exit', resolve));
    expect(child.exitCode).toBe(0);
    // It is kept for 30 seconds.
    expect(Date.now() - began).toBeLessThan(25_000);
  });

  test('a replication connection refuses what pg would send for a query with values', async () => {
    // What `query` does is not possible here, so nobody should try.
    const config = sourceConfig.parse({ url: database.url });
    const session = await connect(config, { replication: true });
    await expect(query(session, 'SELECT 1')).rejects.toThrow(/replication/);
    await session.abort();
    expect(await sql(database.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
}
