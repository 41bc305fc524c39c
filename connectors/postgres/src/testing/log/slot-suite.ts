import { AriesError } from '@aries-data/sdk';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { LogPosition } from '../../log/position.ts';
import { sql } from '../harness.ts';
import { logDatabase, type StartServer } from './log-database.ts';
import { type LogSource, logSource } from './log-harness.ts';

/** Declares tests of slots, publications and what a role may do, on a server that `start` starts. */
export function describeSlot(start: StartServer): void {
  const database = logDatabase(start);
  const { run } = database;

  /** Creates `t`, reads it for the first time, and changes it. */
  async function begun(config: Parameters<typeof logSource>[1] = {}) {
    await run('CREATE TABLE t (id int PRIMARY KEY, note text)', `INSERT INTO t VALUES (1, 'a')`);
    const source = await logSource(database.url, config);
    const { position } = await source.first('t');
    await run(`INSERT INTO t VALUES (2, 'b')`);
    return { source, position: position! };
  }

  const errorOf = async (work: Promise<unknown>): Promise<AriesError> => {
    try {
      await work;
    } catch (error) {
      if (error instanceof AriesError) return error;
      throw error;
    }
    throw new Error('It should have failed');
  };

  const terminate = (slot: string) =>
    sql(
      database.server.url,
      `SELECT pg_terminate_backend(active_pid, 10000) FROM pg_replication_slots WHERE slot_name = '${slot}' AND active`,
    );

  describe('a state that the log no longer leads on from ends with the way out', () => {
    const isLost = async (source: LogSource, position: LogPosition, message: RegExp) => {
      const error = await errorOf(source.read({ t: position }));
      expect(error).toMatchObject({ code: 'POSITION_LOST', kind: 'config', message: expect.stringMatching(message) });
      expect(error.hint).toContain('--full-refresh');
    };

    test('the slot is gone', async () => {
      const { source, position } = await begun();
      await run(`SELECT pg_drop_replication_slot('aries_test')`);
      await isLost(source, position, /slot "aries_test" is gone/);
    });

    test('the slot was made anew', async () => {
      const { source, position } = await begun();
      await run(
        `SELECT pg_drop_replication_slot('aries_test')`,
        `SELECT pg_create_logical_replication_slot('aries_test', 'pgoutput')`,
      );
      await isLost(source, position, /made anew, or read by something else/);
    });

    test('somebody else has read from the slot', async () => {
      const { source, position } = await begun();
      await run(`SELECT pg_replication_slot_advance('aries_test', pg_current_wal_lsn())`);
      await isLost(source, position, /made anew, or read by something else/);
    });

    test('the publication is gone: the server would send nothing, and no error', async () => {
      const { source, position } = await begun();
      await run('DROP PUBLICATION aries_test');
      await isLost(source, position, /publication/);
      // Nor is anything confirmed.
      const [before] = await run('SELECT confirmed_flush_lsn FROM pg_replication_slots');
      await source.released({ t: { ...position, lsn: 'FF/FF' } });
      expect(await run('SELECT confirmed_flush_lsn FROM pg_replication_slots')).toEqual([before]);
    });

    test('the publication was made anew', async () => {
      const { source, position } = await begun();
      await run('DROP PUBLICATION aries_test', 'CREATE PUBLICATION aries_test FOR TABLE t');
      await isLost(source, position, /publication "aries_test" was made or changed/);
    });

    test('the table was not published for a while', async () => {
      const { source, position } = await begun();
      await run('ALTER PUBLICATION aries_test DROP TABLE t', `INSERT INTO t VALUES (3, 'lost')`);
      await isLost(source, position, /taken out of the publication/);
      await run('ALTER PUBLICATION aries_test ADD TABLE t');
      await isLost(source, position, /was put into the publication/);
    });

    test('the publication left something out for a while', async () => {
      const { source, position } = await begun();
      await run(`ALTER PUBLICATION aries_test SET (publish = 'insert')`);
      await isLost(source, position, /publication "aries_test" was made or changed/);
    });

    test.each(['FOR ALL TABLES', 'FOR TABLES IN SCHEMA public', 'FOR TABLE t'])(
      'the table was made anew, in a publication %s',
      async (list) => {
        await run('CREATE TABLE t (id int PRIMARY KEY, note text)', `CREATE PUBLICATION mine ${list}`);
        const source = await logSource(database.url, { publication: 'mine' });
        const { position } = await source.first('t');
        await run('DROP TABLE t', 'CREATE TABLE t (id int PRIMARY KEY, note text)');
        if (list === 'FOR TABLE t') await run('ALTER PUBLICATION mine ADD TABLE t');
        await isLost(source, position!, /dropped and made anew/);
      },
    );

    test('the table took the place of another', async () => {
      const { source, position } = await begun();
      await run(
        'CREATE TABLE next (id int PRIMARY KEY, note text)',
        'ALTER TABLE t RENAME TO old',
        'ALTER TABLE next RENAME TO t',
        'ALTER PUBLICATION aries_test ADD TABLE t',
      );
      await isLost(source, position, /dropped and made anew/);
    });

    test('the state is of another cluster, or after the end of the log', async () => {
      const { source, position } = await begun();
      await isLost(source, { ...position, system: '17' }, /another database cluster/);
      await isLost(source, { ...position, lsn: 'FFFFFFFF/0' }, /restored from a backup/);
    });
  });

  test('positions that cannot be read confirm nothing', async () => {
    const { source, position } = await begun();
    const { position: next } = await source.read({ t: position });
    const confirmed = () => run('SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots');
    const before = await confirmed();
    await source.released({ t: next!, u: { lsn: 'x' } as LogPosition });
    await source.read({ t: next! }, { committed: { t: next!, u: { lsn: 'x' } as LogPosition } });
    expect(await confirmed()).toEqual(before);
    await source.released({ t: next! });
    expect(await confirmed()).toEqual([{ lsn: next!.lsn }]);
  });

  test('a slot that fell too far behind is lost, and a first read makes it anew', async () => {
    const { source, position } = await begun();
    await sql(database.server.url, `ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`, 'SELECT pg_reload_conf()');
    try {
      for (let round = 0; round < 3; round++)
        await run(
          `INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(${round * 10_000 + 10}, ${round * 10_000 + 10_000}) AS i`,
          'SELECT pg_switch_wal()',
          'CHECKPOINT',
        );
      expect(await run('SELECT wal_status FROM pg_replication_slots')).toEqual([{ wal_status: 'lost' }]);
      const error = await errorOf(source.read({ t: position }));
      expect(error).toMatchObject({ code: 'POSITION_LOST', message: expect.stringMatching(/fell too far behind/) });
      expect(error.hint).toMatch(/--full-refresh.*max_slot_wal_keep_size/);
    } finally {
      await sql(database.server.url, 'ALTER SYSTEM RESET max_slot_wal_keep_size', 'SELECT pg_reload_conf()');
    }
    const again = await source.first('t');
    await run(`UPDATE t SET note = 'new' WHERE id = 1`);
    const seen = await source.read({ t: again.position! });
    expect(seen.changes.t).toEqual([['u', { id: 1, note: 'new' }]]);
  });

  test('a slot that is read by somebody else is waited for, and then the run can be tried again', async () => {
    const { source, position } = await begun();
    let error: AriesError | undefined;
    await source.read(
      { t: position },
      {
        async onItem() {
          error = await errorOf(source.read({ t: position }));
          return true;
        },
      },
    );
    expect(error).toMatchObject({ code: 'RESOURCE_BUSY', message: expect.stringMatching(/active for PID \d+/) });
    expect((await source.read({ t: position })).changes.t).toHaveLength(1);
  });

  test('a connection that breaks is an error to try again after, and the next read has everything', async () => {
    const { source, position } = await begun();
    const error = await errorOf(
      source.read(
        { t: position },
        { onItem: async (_, { items }) => void (items === 1 && (await terminate('aries_test'))) },
      ),
    );
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
    expect((await source.read({ t: position })).changes.t).toHaveLength(1);
  });

  test('a signal ends the read at once, and frees the slot', async () => {
    const { source, position } = await begun();
    const stop = new AbortController();
    const error = await errorOf(
      source.read(
        { t: position },
        { signal: stop.signal, onItem: (_, { items }) => void (items === 2 && stop.abort()) },
      ),
    );
    expect(error).toMatchObject({ code: 'INTERRUPTED' });
    expect((await source.read({ t: position })).changes.t).toHaveLength(1);
  });

  describe('what the source needs is said before anything is made', () => {
    test('a slot', async () => {
      await expect(logSource(database.url, { slot: undefined })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('"slot"'),
      });
    });

    test('queries are refused', async () => {
      await expect(logSource(database.url, { queries: { q: { sql: 'SELECT 1' } } })).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringContaining('"q"'),
      });
    });

    test('a slot of something else is refused', async () => {
      await run(
        'CREATE TABLE t (id int PRIMARY KEY)',
        `SELECT pg_create_logical_replication_slot('aries_test', 'test_decoding')`,
      ).catch(() => run(`SELECT pg_create_physical_replication_slot('aries_test')`));
      const source = await logSource(database.url);
      await expect(source.first('t')).rejects.toMatchObject({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(/is (?:a physical slot|one of test_decoding)/),
      });
    });

    test('a publication that the config names must exist, and have the tables', async () => {
      await run(
        'CREATE TABLE t (id int PRIMARY KEY)',
        'CREATE TABLE p (id int PRIMARY KEY) PARTITION BY LIST (id)',
        'CREATE TABLE p_1 PARTITION OF p DEFAULT',
      );
      const source = () => logSource(database.url, { publication: 'mine' });
      const one = await errorOf((await source()).first('t'));
      expect(one).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('no publication "mine"') });
      await run(/CREATE PUBLICATION.*(?=\.$)/.exec(one.hint!)![0]);
      await expect((await source()).first('t')).resolves.toBeDefined();
      await run('DROP PUBLICATION mine', 'CREATE PUBLICATION mine FOR TABLE p');
      const two = await errorOf((await source()).first('t'));
      expect(two.hint).toContain('publish_via_partition_root = true');
      await run('ALTER PUBLICATION mine SET (publish_via_partition_root = true)');
      const three = await errorOf((await source()).first('t'));
      expect(three.message).toContain('does not have "t"');
      await run(/ALTER PUBLICATION.*(?=\.$)/.exec(three.hint!)![0]);
      await expect((await source()).first('t')).resolves.toBeDefined();
      await run(`ALTER PUBLICATION mine SET (publish = 'insert, update')`);
      await expect((await source()).first('t')).rejects.toMatchObject({
        message: expect.stringContaining('leaves out delete, truncate'),
      });
    });

    test('a role that may not replicate, publish or read is told so', async () => {
      const role = `reader_${Math.random().toString(36).slice(2)}`;
      const name = new URL(database.url).pathname.slice(1);
      await run('CREATE TABLE t (id int PRIMARY KEY)', `CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
      const url = Object.assign(new URL(database.url), { username: role, password: 'secret' }).href;
      try {
        const source = await logSource(url);
        const publishes = await errorOf(source.first('t'));
        expect(publishes).toMatchObject({ code: 'NOT_ALLOWED', kind: 'auth' });
        expect(publishes.hint).toContain('CREATE PUBLICATION "aries_test" FOR TABLE "public"."t"');
        await run(/CREATE PUBLICATION.*(?=; the option)/.exec(publishes.hint!)![0]);
        const replicates = await errorOf(source.first('t'));
        expect(replicates).toMatchObject({ code: 'NOT_ALLOWED', hint: expect.stringContaining('REPLICATION') });
        await run(`ALTER ROLE ${role} REPLICATION`);
        const reads = await errorOf(source.first('t'));
        expect(reads).toMatchObject({ code: 'NOT_ALLOWED', message: expect.stringContaining('permission denied') });
        await run(`GRANT SELECT ON t TO ${role}`);
        const { position } = await source.first('t');
        await run('INSERT INTO t VALUES (1)');
        expect((await source.read({ t: position! })).changes.t).toHaveLength(1);
      } finally {
        await run(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`).catch(() =>
          sql(database.server.url, `DROP DATABASE ${name} WITH (FORCE)`),
        );
      }
    });
  });

  test('a publication of all tables is used as it is', async () => {
    await run('CREATE PUBLICATION everything FOR ALL TABLES', 'CREATE TABLE t (id int PRIMARY KEY)');
    const source = await logSource(database.url, { publication: 'everything' });
    const { position } = await source.first('t');
    await run('INSERT INTO t VALUES (1)');
    const seen = await source.read({ t: position! });
    expect(seen.changes.t).toHaveLength(1);
    // A table that comes later does not disturb those that are read.
    await run('CREATE TABLE u (id int PRIMARY KEY)', 'INSERT INTO t VALUES (2)');
    expect((await source.read({ t: seen.position! })).changes.t).toHaveLength(1);
  });

  test('after a crash of the server, which forgets what was confirmed, nothing comes twice', async () => {
    const { source, position } = await begun();
    const first = await source.read({ t: position });
    await source.released({ t: first.position! });
    const confirmed = () =>
      run(`SELECT confirmed_flush_lsn >= '${first.position!.lsn}'::pg_lsn AS is_known FROM pg_replication_slots`);
    expect(await confirmed()).toEqual([{ is_known: true }]);
    const [{ pid } = {}] = await run(
      `SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
        UNION ALL SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter' LIMIT 1`,
    );
    process.kill(Number(pid), 'SIGKILL');
    for (;;) {
      const again = await run('SELECT pg_postmaster_start_time()').catch(() => undefined);
      if (again !== undefined) break;
    }
    expect(await confirmed()).toEqual([{ is_known: false }]);
    expect((await source.read({ t: first.position! })).changes).toEqual({});
    await run(`INSERT INTO t VALUES (3, 'c')`);
    expect((await source.read({ t: first.position! })).changes.t).toEqual([['u', { id: 3, note: 'c' }]]);
  });

  test('a transaction that is open when the slot is made is waited for, and its rows are in the first read', async () => {
    await run('CREATE TABLE t (id int PRIMARY KEY)');
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('BEGIN; INSERT INTO t VALUES (1)');
    const source = await logSource(database.url);
    const reading = source.first('t');
    for (;;) {
      const [waiting] = await run(
        `SELECT FROM pg_stat_activity WHERE query LIKE 'CREATE_REPLICATION_SLOT%' AND wait_event_type = 'Lock'`,
      );
      if (waiting !== undefined) break;
    }
    await client.query('INSERT INTO t VALUES (2); COMMIT');
    await client.end();
    const { records, position } = await reading;
    expect(records).toEqual([{ id: 1 }, { id: 2 }]);
    expect((await source.read({ t: position! })).changes).toEqual({});
  });
}
