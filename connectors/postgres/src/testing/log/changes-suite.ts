import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCheckpoint } from '@aries-data/sdk/internal';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { logDatabase, type StartServer } from './log-database.ts';
import { logSource } from './log-harness.ts';

/** Declares tests of changes in the log, on a server that `start` starts. */
export function describeChanges(start: StartServer): void {
  const database = logDatabase(start);
  const { run } = database;

  /** Creates tables, reads them for the first time, and returns what the tests need. */
  async function begun(...statements: string[]) {
    await run(...statements);
    const source = await logSource(database.url);
    const names = Object.keys(source.streams);
    const positions = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, (await source.first(name)).position!])),
    );
    return { source, positions };
  }

  /** Opens a connection for a transaction of its own. */
  async function connected(): Promise<pg.Client & AsyncDisposable> {
    const client = new pg.Client(database.url);
    await client.connect();
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
  }

  test('the first read and the changes after it, in their order', async () => {
    const { source, positions } = await begun(
      'CREATE TABLE orders (id bigint PRIMARY KEY, title text, price numeric(8,2))',
      `INSERT INTO orders VALUES (1, 'one', 1.10), (2, 'two', 2.20)`,
    );
    await run(
      `INSERT INTO orders VALUES (3, 'three', 3.30)`,
      `UPDATE orders SET title = 'TWO' WHERE id = 2`,
      `UPDATE orders SET id = 10 WHERE id = 1`,
      `DELETE FROM orders WHERE id = 3`,
      'TRUNCATE orders',
      `INSERT INTO orders VALUES (4, NULL, 'NaN')`,
    );
    const seen = await source.read(positions);
    expect(seen.changes).toEqual({
      orders: [
        ['u', { id: '3', title: 'three', price: '3.30' }],
        ['u', { id: '2', title: 'TWO', price: '2.20' }],
        ['m', { id: '1' }],
        ['u', { id: '10', title: 'one', price: '1.10' }],
        ['d', { id: '3' }],
        ['t'],
        ['u', { id: '4', title: null, price: 'NaN' }],
      ],
    });
    const again = await source.read({ orders: seen.position! });
    expect(again.changes).toEqual({});
  });

  test('every transaction comes once, wherever the read before it ended', async () => {
    let { source, positions } = await begun('CREATE TABLE t (id int PRIMARY KEY)');
    const ids: unknown[] = [];
    for (let round = 0; round < 12; round++) {
      // Two commits that may lie side by side in the log.
      await run(`INSERT INTO t VALUES (${2 * round})`, `INSERT INTO t VALUES (${2 * round + 1})`);
      const seen = await source.read(positions);
      ids.push(...(seen.changes.t ?? []).map(([, record]) => record!.id));
      positions = { t: seen.position! };
      if (round % 3 === 2) await source.released(positions);
    }
    expect(ids).toEqual(Array.from({ length: 24 }, (_, id) => id));
  });

  test('without a confirmation the same changes come again, and after it no more', async () => {
    const { source, positions } = await begun('CREATE TABLE t (id int PRIMARY KEY)');
    await run('INSERT INTO t VALUES (1)');
    const first = await source.read(positions);
    expect(first.changes.t).toHaveLength(1);
    expect((await source.read(positions)).changes).toEqual(first.changes);
    await source.released({ t: first.position! });
    const [slot] = await run(`SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots`);
    expect(slot).toEqual({ lsn: first.position!.lsn });
    await expect(source.read(positions)).rejects.toMatchObject({ code: 'POSITION_LOST' });
  });

  test('no more is confirmed than the stream that is furthest behind', async () => {
    const { source, positions } = await begun(
      'CREATE TABLE a (id int PRIMARY KEY)',
      'CREATE TABLE b (id int PRIMARY KEY)',
    );
    await run('INSERT INTO a VALUES (1)', 'INSERT INTO b VALUES (1)');
    const { position } = await source.read(positions);
    await run('INSERT INTO a VALUES (2)', 'INSERT INTO b VALUES (2)');
    // `b` was read, but its load failed.
    await source.read({ a: position! }, { committed: { a: position!, b: positions.b! } });
    await source.released({ a: position!, b: positions.b! });
    const seen = await source.read({ a: position!, b: positions.b! });
    expect(seen.changes).toEqual({
      a: [['u', { id: 2 }]],
      b: [
        ['u', { id: 1 }],
        ['u', { id: 2 }],
      ],
    });
  });

  test('transactions come in the order of their commits, with the time of these, and nothing of aborted ones', async () => {
    const { source, positions } = await begun('CREATE TABLE t (id int PRIMARY KEY, who text)');
    await using early = await connected();
    await using late = await connected();
    await early.query(`BEGIN; INSERT INTO t VALUES (1, 'began first')`);
    await late.query(`BEGIN; INSERT INTO t VALUES (2, 'ends first'); COMMIT`);
    await early.query(`INSERT INTO t VALUES (3, 'ends last'); COMMIT`);
    await run(`BEGIN; INSERT INTO t VALUES (4, 'aborted'); ROLLBACK`);
    await run(
      `BEGIN; INSERT INTO t VALUES (5, 'kept'); SAVEPOINT s; INSERT INTO t VALUES (6, 'undone'); UPDATE t SET who = 'undone' WHERE id = 5;
     ROLLBACK TO s; SAVEPOINT r; INSERT INTO t VALUES (7, 'kept'); RELEASE r; COMMIT`,
    );
    const seen = await source.read(positions);
    expect(seen.changes.t!.map(([, record]) => [record!.id, record!.who])).toEqual([
      [2, 'ends first'],
      [1, 'began first'],
      [3, 'ends last'],
      [5, 'kept'],
      [7, 'kept'],
    ]);
    const [a, b, c] = seen.times.t!;
    expect(a! < b! && b === c).toBe(true);
    expect(Date.now() - Date.parse(a!)).toBeLessThan(60_000);
  });

  test('a read goes on until the log is past where it stood at its start, also if only others write', async () => {
    const { source, positions } = await begun('CREATE TABLE t (id int PRIMARY KEY)');
    await run('CREATE TABLE other AS SELECT generate_series(1, 10000)');
    const [{ lsn } = {}] = await run('SELECT pg_current_wal_lsn()::text AS lsn');
    const seen = await source.read(positions);
    expect(seen.changes).toEqual({});
    const [{ past } = {}] = await run(`SELECT '${seen.position!.lsn}'::pg_lsn >= '${lsn}'::pg_lsn AS past`);
    expect(past).toBe(true);
  });

  test('a read that goes on gives a checkpoint each second, and what comes meanwhile at once', async () => {
    const { source, positions } = await begun('CREATE TABLE t (id int PRIMARY KEY)');
    const pauses: number[] = [];
    let last = Date.now();
    let written = false;
    const seen = await source.read(positions, {
      async onItem(_, { checkpoints, changes }) {
        pauses.push(Date.now() - last);
        if (checkpoints.length === 3 && !written) {
          written = true;
          await run('INSERT INTO t VALUES (1)');
        }
        last = Date.now();
        return changes.t !== undefined && checkpoints.length >= 6;
      },
    });
    expect(seen.changes.t).toHaveLength(1);
    // On a busy machine a second takes longer.
    expect(Math.max(...pauses)).toBeLessThan(5000);
    expect(seen.checkpoints.every(({ caughtUp }, index) => caughtUp || index === 0)).toBe(true);
  });

  describe('values that are stored apart (TOAST)', () => {
    // Random, so that it cannot be compressed.
    const big = (seed: string) =>
      Array.from({ length: 200 }, (_, index) => createHash('sha256').update(`${seed}${index}`).digest('hex')).join('');
    const table = (identity: string) => [
      'CREATE TABLE t (id int PRIMARY KEY, small text, body text, other text)',
      `ALTER TABLE t REPLICA IDENTITY ${identity}`,
      `INSERT INTO t VALUES (1, 'a', '${big('a')}', '${big('b')}')`,
    ];

    test('are not sent if they did not change', async () => {
      const { source, positions } = await begun(...table('DEFAULT'));
      await run(`UPDATE t SET small = 'b'`, `UPDATE t SET body = '${big('c')}'`, `UPDATE t SET other = NULL`);
      const { changes } = await source.read(positions);
      expect(changes.t).toEqual([
        ['u', { id: 1, small: 'b' }, ['body', 'other']],
        ['u', { id: 1, small: 'b', body: big('c') }, ['other']],
        ['u', { id: 1, small: 'b', other: null }, ['body']],
      ]);
    });

    test('are not sent when only the key changes', async () => {
      const { source, positions } = await begun(...table('DEFAULT'));
      await run('UPDATE t SET id = 2');
      expect((await source.read(positions)).changes.t).toEqual([
        ['m', { id: 1 }],
        ['u', { id: 2, small: 'a' }, ['body', 'other']],
      ]);
    });

    test('come from the old row where the identity is FULL', async () => {
      const { source, positions } = await begun(...table('FULL'));
      await run(`UPDATE t SET small = 'b'`, 'UPDATE t SET id = 2, other = NULL', 'DELETE FROM t');
      expect((await source.read(positions)).changes.t).toEqual([
        ['u', { id: 1, small: 'b', body: big('a'), other: big('b') }],
        ['m', { id: 1 }],
        ['u', { id: 2, small: 'b', body: big('a'), other: null }],
        ['d', { id: 2 }],
      ]);
    });

    test('can be the key itself', async () => {
      const { source, positions } = await begun(
        'CREATE TABLE t (id text PRIMARY KEY, small text)',
        'ALTER TABLE t ALTER id SET STORAGE EXTERNAL',
        `INSERT INTO t VALUES (repeat('k', 2400), 'a')`,
      );
      await run(`UPDATE t SET small = 'b'`, 'DELETE FROM t');
      expect((await source.read(positions)).changes.t).toEqual([
        ['u', { id: 'k'.repeat(2400), small: 'b' }],
        ['d', { id: 'k'.repeat(2400) }],
      ]);
    });
  });

  describe('a replica identity', () => {
    test('that is an index identifies the rows', async () => {
      const { source, positions } = await begun(
        'CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL UNIQUE, note text)',
        'ALTER TABLE t REPLICA IDENTITY USING INDEX t_code_key',
        `INSERT INTO t VALUES (1, 'a', 'x'), (2, 'b', 'y')`,
      );
      expect(source.streams.t!.primaryKey).toEqual(['code']);
      await run(
        `UPDATE t SET id = 7 WHERE code = 'a'`,
        `UPDATE t SET code = 'c' WHERE id = 2`,
        'DELETE FROM t WHERE id = 7',
      );
      expect((await source.read(positions)).changes.t).toEqual([
        ['u', { id: 7, code: 'a', note: 'x' }],
        ['m', { code: 'b' }],
        ['u', { id: 2, code: 'c', note: 'y' }],
        ['d', { code: 'a' }],
      ]);
    });

    test('that is FULL needs the key of the catalog', async () => {
      const { source, positions } = await begun(
        'CREATE TABLE t (a int, b int, note text, PRIMARY KEY (b, a))',
        'ALTER TABLE t REPLICA IDENTITY FULL',
        `INSERT INTO t VALUES (1, 2, NULL)`,
      );
      await run(`UPDATE t SET note = 'x'`, 'UPDATE t SET a = 3', 'DELETE FROM t');
      expect((await source.read(positions)).changes.t).toEqual([
        ['u', { a: 1, b: 2, note: 'x' }],
        ['m', { b: 2, a: 1 }],
        ['u', { a: 3, b: 2, note: 'x' }],
        ['d', { b: 2, a: 3 }],
      ]);
    });

    test.each<[string, string[], RegExp]>([
      ['no key', ['CREATE TABLE t (id int)'], /no primary key/],
      [
        'nothing',
        ['CREATE TABLE t (id int PRIMARY KEY)', 'ALTER TABLE t REPLICA IDENTITY NOTHING'],
        /identity is not its key/,
      ],
      ['a unique index alone', ['CREATE TABLE t (id int NOT NULL UNIQUE)'], /identity is not its key/],
      [
        'a deferrable key',
        ['CREATE TABLE t (id int PRIMARY KEY DEFERRABLE)'],
        /no primary key|identity is not its key/,
      ],
      ['no log', ['CREATE UNLOGGED TABLE t (id int PRIMARY KEY)'], /unlogged/],
      ['children', ['CREATE TABLE t (id int PRIMARY KEY)', 'CREATE TABLE child () INHERITS (t)'], /inherit/],
      ['a query in place of rows', ['CREATE VIEW t AS SELECT 1 AS id'], /not a table/],
    ])('%s: the read fails before the table is published', async (_, statements, message) => {
      await run(...statements);
      const source = await logSource(database.url, { tables: ['t'] });
      await expect(source.first('t')).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        stream: 't',
        message: expect.stringMatching(message),
      });
      expect(await run('SELECT FROM pg_publication')).toEqual([]);
      expect(await run('SELECT FROM pg_replication_slots')).toEqual([]);
    });
  });

  test('a partitioned table is one stream, also if rows move between partitions', async () => {
    const { source, positions } = await begun(
      'CREATE TABLE t (id int, region text, note text, PRIMARY KEY (id, region)) PARTITION BY LIST (region)',
      `CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a')`,
      // Its columns have another order.
      'CREATE TABLE t_b (note text, region text NOT NULL, id int NOT NULL, PRIMARY KEY (id, region))',
      `ALTER TABLE t ATTACH PARTITION t_b FOR VALUES IN ('b')`,
      `INSERT INTO t VALUES (1, 'a', 'x')`,
    );
    expect(Object.keys(source.streams)).toEqual(['t']);
    await run(
      `INSERT INTO t VALUES (2, 'b', 'y')`,
      `UPDATE t SET region = 'b' WHERE id = 1`,
      'DELETE FROM t_b WHERE id = 2',
      'TRUNCATE t',
    );
    expect((await source.read(positions)).changes.t).toEqual([
      ['u', { id: 2, region: 'b', note: 'y' }],
      ['d', { id: 1, region: 'a' }],
      ['u', { id: 1, region: 'b', note: 'x' }],
      ['d', { id: 2, region: 'b' }],
      ['t'],
    ]);
  });

  test('one TRUNCATE empties several tables', async () => {
    const { source, positions } = await begun(
      'CREATE TABLE a (id int PRIMARY KEY)',
      'CREATE TABLE b (id int PRIMARY KEY REFERENCES a)',
    );
    await run('INSERT INTO a VALUES (1)', 'INSERT INTO b VALUES (1)', 'TRUNCATE a CASCADE', 'INSERT INTO a VALUES (2)');
    expect((await source.read(positions)).changes).toEqual({
      a: [['u', { id: 1 }], ['t'], ['u', { id: 2 }]],
      b: [['u', { id: 1 }], ['t']],
    });
  });

  test('names that are hard to write', async () => {
    const name = `a "b", 'c' \\ d`;
    const { source, positions } = await begun(
      `CREATE TABLE ${pg.escapeIdentifier(name)} ("__proto__" int PRIMARY KEY, "constructor" text, "0" text, "😀" text)`,
    );
    await run(
      `INSERT INTO ${pg.escapeIdentifier(name)} VALUES (1, 'c', 'zero', 'smile')`,
      `UPDATE ${pg.escapeIdentifier(name)} SET "__proto__" = 2`,
    );
    const seen = (await source.read(positions)).changes[name]!;
    expect(seen.map(([op, record]) => [op, Object.entries(record!).sort()])).toEqual([
      [
        'u',
        [
          ['0', 'zero'],
          ['__proto__', 1],
          ['constructor', 'c'],
          ['😀', 'smile'],
        ],
      ],
      ['m', [['__proto__', 1]]],
      [
        'u',
        [
          ['0', 'zero'],
          ['__proto__', 2],
          ['constructor', 'c'],
          ['😀', 'smile'],
        ],
      ],
    ]);
  });

  test('a large transaction passes in pieces, while the consumer takes its time', async () => {
    const { source, positions } = await begun('CREATE TABLE t (id int PRIMARY KEY, note text)');
    await run(`ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET wal_sender_timeout = '1s'`);
    await run(`INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 60000) AS i`);
    let slept = false;
    const atCheckpoints = new Set<number>();
    const seen = await source.read(positions, {
      async onItem(item, { checkpoints, changes }) {
        if (isCheckpoint(item)) atCheckpoints.add(changes.t?.length ?? 0);
        // Longer than the server waits for a client that says nothing.
        if (changes.t !== undefined && !slept) {
          slept = true;
          await sleep(2500);
        }
        return checkpoints.at(-1)?.caughtUp === true;
      },
    });
    expect(seen.changes.t).toHaveLength(60_000);
    expect(seen.largest).toBeLessThanOrEqual(2000);
    expect([...atCheckpoints].filter((count) => count > 0)).toEqual([60_000]);
    expect(new Set(seen.changes.t!.map(([, record]) => record!.id)).size).toBe(60_000);
  });
}
