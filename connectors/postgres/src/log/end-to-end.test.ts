import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RunResult } from '../../../../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../../../../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { differences as differencesOf } from '../testing/log/differences.ts';
import { logDatabase } from '../testing/log/log-database.ts';

const database = logDatabase();
const { run } = database;

let folder: string;

beforeEach(async () => {
  folder = await temporaryFolder();
  await run('CREATE SCHEMA shop', 'CREATE SCHEMA copy');
});

/** Writes a pipeline from the schema `shop` into the schema `copy`, and returns a function that runs it. */
async function pipeline(destination: object = {}, source: object = {}) {
  const file = join(folder, 'pipeline.json');
  const config = { url: database.url, schema: 'shop', mode: 'log', slot: 'aries_shop', ...source };
  await writeFile(
    file,
    JSON.stringify({
      name: 'shop',
      source: { use: 'postgres', config },
      destination: { use: 'postgres', config: { url: database.url, schema: 'copy' }, ...destination },
      staging: pathToFileURL(join(folder, 'staging')).href,
    }),
  );
  let runs = 0;
  return async (...flags: string[]) => {
    return runHere(['run', file, '--run-id', `run-${++runs}`, ...flags]);
  };
}

const ok = ({ code, stdout, stderr }: RunResult) =>
  expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });

/** Lists rows that only one of the two tables has. */
const differences = (table: string, columns: string) => {
  const rows = (schema: string) => `SELECT ROW(${columns})::text FROM ${schema}.${table}`;
  return run(differencesOf(rows('shop'), rows('copy')));
};

test('a table and its changes, run after run', async () => {
  await run(
    'CREATE TABLE shop.orders (id bigint PRIMARY KEY, title text NOT NULL, body text, n numeric(8,2), at timestamptz)',
    `INSERT INTO shop.orders SELECT i, 'o' || i, repeat(md5(i::text), 200), i, now() FROM generate_series(1, 100) AS i`,
    'CREATE TABLE shop.lines (order_id bigint, line int, PRIMARY KEY (order_id, line))',
    'INSERT INTO shop.lines SELECT i, j FROM generate_series(1, 20) AS i, generate_series(1, 3) AS j',
  );
  const again = await pipeline();
  ok(await again());
  expect(await differences('orders', 'id, title, body, n, at')).toEqual([]);
  await run(
    `UPDATE shop.orders SET title = 'changed' WHERE id % 3 = 0`,
    `UPDATE shop.orders SET id = -id WHERE id % 7 = 0`,
    'DELETE FROM shop.orders WHERE id % 5 = 0',
    'DELETE FROM shop.lines WHERE line = 2',
    `INSERT INTO shop.orders VALUES (1000, 'new', NULL, 'NaN', 'infinity')`,
  );
  ok(await again());
  expect(await differences('orders', 'id, title, body, n, at')).toEqual([]);
  expect(await differences('lines', 'order_id, line')).toEqual([]);
  ok(await again());
  await run(
    'TRUNCATE shop.lines',
    'INSERT INTO shop.lines VALUES (1, 1)',
    `INSERT INTO shop.orders VALUES (1001, 'later')`,
  );
  ok(await again());
  expect(await differences('orders', 'id, title, body, n, at')).toEqual([]);
  expect(await differences('lines', 'order_id, line')).toEqual([]);
  // All that was loaded is confirmed, at the latest by the next read.
  ok(await again());
  const [slot] = await run(`SELECT pg_current_wal_lsn() - confirmed_flush_lsn AS behind FROM pg_replication_slots`);
  expect(Number(slot!.behind)).toBeLessThan(1_000_000);
});

describe('records that go away', () => {
  test('are marked with deletes: soft', async () => {
    await run(
      'CREATE TABLE shop.t (id int PRIMARY KEY, note text)',
      `INSERT INTO shop.t VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
    );
    const again = await pipeline({ deletes: 'soft' });
    ok(await again());
    await run('DELETE FROM shop.t WHERE id = 2', 'UPDATE shop.t SET id = 4 WHERE id = 3');
    ok(await again());
    expect(await run('SELECT id, note, _deleted_at IS NOT NULL AS gone FROM copy.t ORDER BY id')).toEqual([
      { id: 1, note: 'a', gone: false },
      { id: 2, note: 'b', gone: true },
      { id: 3, note: 'c', gone: true },
      { id: 4, note: 'c', gone: false },
    ]);
    await run(`INSERT INTO shop.t VALUES (2, 'back')`);
    ok(await again());
    expect(await run('SELECT note, _deleted_at FROM copy.t WHERE id = 2')).toEqual([
      { note: 'back', _deleted_at: null },
    ]);
  });

  test('history is what a trigger in the source would have kept', async () => {
    await run(
      'CREATE TABLE shop.t (id int PRIMARY KEY, note text, body text)',
      // Kept outside of the schema that is read.
      'CREATE TABLE public.kept (id int, note text, body text, since timestamptz, until timestamptz)',
      `CREATE FUNCTION public.keep() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF TG_OP <> 'INSERT' THEN
           UPDATE public.kept SET until = clock_timestamp() WHERE id = OLD.id AND until IS NULL;
         END IF;
         IF TG_OP <> 'DELETE' THEN
           INSERT INTO public.kept VALUES (NEW.id, NEW.note, NEW.body, clock_timestamp(), NULL);
         END IF;
         RETURN NULL;
       END $$`,
      'CREATE TRIGGER keep AFTER INSERT OR UPDATE OR DELETE ON shop.t FOR EACH ROW EXECUTE FUNCTION public.keep()',
      `INSERT INTO shop.t SELECT i, 'first', (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 200) WHERE i > 0) FROM generate_series(1, 8) AS i`,
    );
    const again = await pipeline({ disposition: 'history' });
    ok(await again());
    for (let round = 0; round < 4; round++) {
      await run(
        `UPDATE shop.t SET note = 'round ${round}' WHERE id % 4 = ${round}`,
        `UPDATE shop.t SET note = 'again ${round}' WHERE id % 4 = ${round}`,
        `DELETE FROM shop.t WHERE id = ${round + 5}`,
        `UPDATE shop.t SET id = id + 100 WHERE id = ${round + 1}`,
        `INSERT INTO shop.t VALUES (${round + 5}, 'back', NULL)`,
      );
      ok(await again());
    }
    const versions = (table: string, since: string, until: string) =>
      run(
        `SELECT id, note, md5(body) AS body, ${until} IS NULL AS current,
                row_number() OVER (PARTITION BY id ORDER BY ${since}) AS version
           FROM ${table} ORDER BY id, version`,
      );
    expect(await versions('copy.t', '_valid_from', '_valid_to')).toEqual(
      await versions('public.kept', 'since', 'until'),
    );
    // The times are those of the commits.
    const [{ off } = {}] = await run(
      `SELECT max(abs(extract(epoch FROM t._valid_from - k.since))) AS off
         FROM (SELECT *, row_number() OVER (PARTITION BY id ORDER BY _valid_from) AS v FROM copy.t) t
         JOIN (SELECT *, row_number() OVER (PARTITION BY id ORDER BY since) AS v FROM public.kept) k USING (id, v) WHERE v > 1`,
    );
    expect(Number(off)).toBeLessThan(1);
  });

  test('append keeps each change once', async () => {
    await run('CREATE TABLE shop.t (id int PRIMARY KEY, note text)', `INSERT INTO shop.t VALUES (1, 'a')`);
    // Without a key, because the log of a row has many.
    await run('CREATE TABLE copy.t (id int, note text)');
    const again = await pipeline({ disposition: 'append' });
    ok(await again());
    for (let round = 0; round < 3; round++) {
      await run(`UPDATE shop.t SET note = 'r${round}'`);
      ok(await again());
    }
    await run('DELETE FROM shop.t');
    ok(await again());
    expect(await run('SELECT _aries_op AS op, note FROM copy.t ORDER BY _aries_seq NULLS FIRST')).toEqual([
      expect.objectContaining({ note: 'a' }),
      { op: 'u', note: 'r0' },
      { op: 'u', note: 'r1' },
      { op: 'u', note: 'r2' },
      { op: 'd', note: null },
    ]);
  });
});

test('a table that joins, a column that is added, and a state that is lost', async () => {
  await run('CREATE TABLE shop.a (id int PRIMARY KEY)', 'INSERT INTO shop.a VALUES (1)');
  const again = await pipeline();
  ok(await again());
  await run(
    'CREATE TABLE shop.b (id int PRIMARY KEY)',
    'INSERT INTO shop.b VALUES (1)',
    'INSERT INTO shop.a VALUES (2)',
  );
  ok(await again());
  expect(await differences('a', 'id')).toEqual([]);
  expect(await differences('b', 'id')).toEqual([]);
  await run(
    'INSERT INTO shop.a VALUES (3)',
    'ALTER TABLE shop.a ADD note text',
    `INSERT INTO shop.a VALUES (4, 'x')`,
    'INSERT INTO shop.b VALUES (2)',
  );
  ok(await again());
  expect(await differences('a', 'id, note')).toEqual([]);
  expect(await differences('b', 'id')).toEqual([]);
  await run(`SELECT pg_drop_replication_slot('aries_shop')`, 'INSERT INTO shop.a VALUES (5)', 'DELETE FROM shop.b');
  const lost = await again();
  expect(lost).toMatchObject({ code: 78, result: { error: { code: 'POSITION_LOST' } } });
  ok(await again('--full-refresh'));
  expect(await differences('a', 'id, note')).toEqual([]);
  expect(await differences('b', 'id')).toEqual([]);
  await run('INSERT INTO shop.b VALUES (7)');
  ok(await again());
  expect(await differences('b', 'id')).toEqual([]);
});

test('what the slot costs is measured after each run, and a reset of the state removes it', async () => {
  const config = { url: database.url, schema: 'shop', mode: 'log', slot: 'aries_shop' };
  const slots = () => run(`SELECT slot_name FROM pg_replication_slots WHERE database = current_database()`);
  const published = () => run('SELECT pubname FROM pg_publication');
  await run('CREATE TABLE shop.t (id int PRIMARY KEY, note text)', `INSERT INTO shop.t VALUES (1, 'a')`);
  const check = () => runHere(['check', 'postgres', '--role', 'source', '--config', JSON.stringify(config)]);
  expect((await check()).result).not.toHaveProperty('backlog');
  const again = await pipeline();
  ok(await again());
  await run(`INSERT INTO shop.t SELECT i, repeat('x', 100) FROM generate_series(2, 5000) AS i`);
  const keptNow = async () => (await check()).result.backlog[0].bytes as number;
  const grown = await keptNow();
  expect(grown).toBeGreaterThan(500_000);
  const { result } = await again();
  expect(result.steps.extract.backlog).toEqual([{ name: 'replication slot "aries_shop"', bytes: expect.any(Number) }]);
  // The server lets go of its log after it has written down which transactions are open, so not at once.
  await expect
    .poll(
      async () => {
        await run('CHECKPOINT');
        ok(await again());
        return keptNow();
      },
      { timeout: 60_000 },
    )
    .toBeLessThan(grown / 2);
  const doctor = await runHere(['doctor', 'postgres', '--config', JSON.stringify(config)]);
  expect(doctor.result.findings).toContainEqual({
    check: 'connector backlog',
    status: 'ok',
    message: expect.stringMatching(/^The source keeps \d+ bytes for the replication slot "aries_shop"\.$/),
  });

  const staging = pathToFileURL(join(folder, 'staging')).href;
  const destination = JSON.stringify({ url: database.url, schema: 'copy' });
  const reset = (source: object) =>
    runHere([
      ...['state', 'reset', 'postgres', '--config', destination, '--staging', staging, '--name', 'shop'],
      ...['--source', 'postgres', '--source-config', JSON.stringify(source)],
    ]);
  expect((await reset(config)).result).toMatchObject({
    streams: ['t'],
    ledgerRows: expect.any(Number),
    forgotten: ['replication slot "aries_shop"', 'publication "aries_shop"'],
  });
  expect([await slots(), await published()]).toEqual([[], []]);
  // A second time there is nothing left; nor is there anything for another way to read.
  expect((await reset(config)).result).toMatchObject({ forgotten: [] });
  expect((await reset({ url: database.url })).result).toMatchObject({ forgotten: [] });
  ok(await again());
  expect(await differences('t', 'id, note')).toEqual([]);
});
