import { describe, expect, test } from 'vitest';
import { logDatabase, type StartServer } from './log-database.ts';
import { logSource } from './log-harness.ts';

/** Declares tests of columns that change, on a server that `start` starts. */
export function describeColumns(start: StartServer): void {
  const database = logDatabase(start);
  const { run } = database;

  /** Creates `t`, reads it for the first time, changes it with the statements, and reads the log with the schema of then. */
  async function changed(table: string, ...statements: string[]) {
    await run(table);
    const { position } = await (await logSource(database.url)).first('t');
    await run(...statements);
    const source = await logSource(database.url);
    return { source, position: position!, read: () => source.read({ t: position! }) };
  }

  describe('a column that is added', () => {
    test('is left out of rows that were updated before, and has its default in those that were inserted', async () => {
      const { read } = await changed(
        "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'a')",
        `INSERT INTO t VALUES (2, 'b')`,
        `UPDATE t SET a = 'A' WHERE id = 1`,
        `ALTER TABLE t ADD b numeric(6,2) DEFAULT 1.50, ADD c text`,
        `INSERT INTO t VALUES (3, 'c')`,
        `UPDATE t SET b = 2, c = 'C' WHERE id = 2`,
      );
      expect((await read()).changes.t).toEqual([
        ['u', { id: 2, a: 'b', b: '1.50', c: null }],
        ['u', { id: 1, a: 'A' }, ['b', 'c']],
        ['u', { id: 3, a: 'c', b: '1.50', c: null }],
        ['u', { id: 2, a: 'b', b: '2.00', c: 'C' }],
      ]);
    });

    test('in the middle of a transaction', async () => {
      const { read } = await changed(
        'CREATE TABLE t (id int PRIMARY KEY)',
        `BEGIN; INSERT INTO t VALUES (1); ALTER TABLE t ADD b text DEFAULT 'd'; INSERT INTO t VALUES (2, 'x'); COMMIT`,
      );
      expect((await read()).changes.t).toEqual([
        ['u', { id: 1, b: 'd' }],
        ['u', { id: 2, b: 'x' }],
      ]);
    });

    test('while the log is read ends the read before it, and the next has it', async () => {
      await run('CREATE TABLE t (id int PRIMARY KEY)');
      const source = await logSource(database.url);
      const { position } = await source.first('t');
      const alter = ['INSERT INTO t VALUES (1)', 'ALTER TABLE t ADD b text', `INSERT INTO t VALUES (2, 'x')`];
      const seen = await source.read(
        { t: position! },
        { onItem: async (_, { items }) => void (items === 1 && (await run(...alter))) },
      );
      expect(seen.changes.t).toEqual([['u', { id: 1 }]]);
      // Until it is discovered anew, it is not what the log has.
      await expect(source.read({ t: seen.position! })).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
      const next = await logSource(database.url);
      expect((await next.read({ t: seen.position! })).changes.t).toEqual([['u', { id: 2, b: 'x' }]]);
    });

    test('while the log is read, in a transaction of which much has passed: the run is tried again', async () => {
      await run('CREATE TABLE t (id int PRIMARY KEY)');
      const source = await logSource(database.url);
      const { position } = await source.first('t');
      const alter = `BEGIN; INSERT INTO t SELECT generate_series(1, 5000); ALTER TABLE t ADD b text; INSERT INTO t VALUES (0, 'x'); COMMIT`;
      const read = source.read(
        { t: position! },
        { onItem: async (_, { items }) => void (items === 1 && (await run(alter))) },
      );
      await expect(read).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
      const next = await logSource(database.url);
      expect((await next.read({ t: position! })).changes.t).toHaveLength(5001);
    });
  });

  test('a column that is dropped is left out, before as well', async () => {
    const { read } = await changed(
      'CREATE TABLE t (id int PRIMARY KEY, a text, b text)',
      `INSERT INTO t VALUES (1, 'a', 'b')`,
      'ALTER TABLE t DROP a',
      `INSERT INTO t VALUES (2, 'c')`,
    );
    expect((await read()).changes.t).toEqual([
      ['u', { id: 1, b: 'b' }],
      ['u', { id: 2, b: 'c' }],
    ]);
  });

  test('a column whose type got wider is read in both', async () => {
    const { read } = await changed(
      'CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(3))',
      `INSERT INTO t VALUES (1, 5, 'abc')`,
      'ALTER TABLE t ALTER a TYPE bigint, ALTER b TYPE text',
      `INSERT INTO t VALUES (2, 5000000000, 'abcd')`,
    );
    expect((await read()).changes.t).toEqual([
      ['u', { id: 1, a: '5', b: 'abc' }],
      ['u', { id: 2, a: '5000000000', b: 'abcd' }],
    ]);
  });

  test.each<[string, string, RegExp]>([
    ['got another name', 'ALTER TABLE t RENAME a TO c', /"a" became "c"/],
    ['got another type', 'ALTER TABLE t ALTER a TYPE int USING 1', /"a" had another type/],
    ['was replaced', 'ALTER TABLE t DROP a, ADD c text', /"a" became "c"/],
  ])('a column that %s after the state ends with the way out', async (_, statement, reason) => {
    const { read } = await changed(
      'CREATE TABLE t (id int PRIMARY KEY, a text)',
      `INSERT INTO t VALUES (1, 'a')`,
      statement,
      'INSERT INTO t VALUES (2)',
    );
    const error = await read().catch((one) => one);
    expect(error).toMatchObject({ code: 'POSITION_LOST', message: expect.stringMatching(reason) });
    expect(error.hint).toContain('--full-refresh');
  });

  test('a column that got another name while nothing was written is read under it', async () => {
    const { read } = await changed(
      'CREATE TABLE t (id int PRIMARY KEY, a text)',
      'ALTER TABLE t RENAME a TO c',
      `INSERT INTO t VALUES (2, 'x')`,
    );
    expect((await read()).changes.t).toEqual([['u', { id: 2, c: 'x' }]]);
  });

  test('a column that could be NULL at the time is NULL, although it no longer can', async () => {
    const { read } = await changed(
      'CREATE TABLE t (id int PRIMARY KEY, a text)',
      'INSERT INTO t VALUES (1, NULL)',
      `UPDATE t SET a = ''`,
      'ALTER TABLE t ALTER a SET NOT NULL',
    );
    expect((await read()).changes.t).toEqual([
      ['u', { id: 1, a: null }],
      ['u', { id: 1, a: '' }],
    ]);
  });

  test('computed columns: stored ones come where the publication has them, virtual ones never', async () => {
    const isNew = Number((await run('SHOW server_version_num'))[0]!.server_version_num) >= 180_000;
    await run(
      `CREATE TABLE t (id int PRIMARY KEY, a int, s int GENERATED ALWAYS AS (a * 2) STORED ${isNew ? ', v int GENERATED ALWAYS AS (a * 3)' : ''})`,
      'INSERT INTO t VALUES (1, 1)',
      'CREATE PUBLICATION without FOR TABLE t',
    );
    const own = await logSource(database.url);
    const first = await own.first('t');
    const other = await logSource(database.url, { publication: 'without', slot: 'aries_other' });
    const second = await other.first('t');
    await run('INSERT INTO t VALUES (2, 2)');
    expect(first.records).toEqual([{ id: 1, a: 1, ...(isNew ? { s: 2 } : {}) }]);
    expect((await own.read({ t: first.position! })).changes.t).toEqual([
      ['u', { id: 2, a: 2, ...(isNew ? { s: 4 } : {}) }],
    ]);
    expect(second.records).toEqual([{ id: 1, a: 1 }]);
    expect((await other.read({ t: second.position! })).changes.t).toEqual([['u', { id: 2, a: 2 }]]);
  });

  test('columns and rows that a publication leaves out are in no read', async () => {
    await run(
      'CREATE TABLE t (id int PRIMARY KEY, a text, secret text)',
      `INSERT INTO t VALUES (1, 'a', 's'), (-1, 'b', 's')`,
      'CREATE PUBLICATION part FOR TABLE t (id, a) WHERE (id > 0)',
    );
    const source = await logSource(database.url, { publication: 'part' });
    const { records, position } = await source.first('t');
    expect(records).toEqual([{ id: 1, a: 'a' }]);
    await run(
      `INSERT INTO t VALUES (2, 'c', 's'), (-2, 'd', 's')`,
      'UPDATE t SET id = -5 WHERE id = 1',
      'UPDATE t SET id = 6 WHERE id = -1',
    );
    expect((await source.read({ t: position! })).changes.t).toEqual([
      ['u', { id: 2, a: 'c' }],
      ['d', { id: 1 }],
      ['u', { id: 6, a: 'b' }],
    ]);
  });

  test('only the columns that are asked for are read, and always the key', async () => {
    await run('CREATE TABLE t (id int PRIMARY KEY, a text, b text)');
    const source = await logSource(database.url);
    const { position } = await source.first('t', { columns: ['id', 'b'] });
    await run(`INSERT INTO t VALUES (1, 'a', 'b')`, 'DELETE FROM t');
    const { changes } = await source.read({ t: position! }, { columns: { t: ['id', 'b'] } });
    expect(changes.t).toEqual([
      ['u', { id: 1, b: 'b' }],
      ['d', { id: 1 }],
    ]);
  });
}
