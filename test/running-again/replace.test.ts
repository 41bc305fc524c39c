import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { succeeded, UNHURRIED } from './commands.ts';
import { type Item, item, operator } from './operator.ts';

const REPLACE = { disposition: 'replace', stream: { mode: 'full' } } as const;
const numbered = (count: number, note: string): Item[] =>
  Array.from({ length: count }, (_, index) => item(index, '2026-01-01T00:00:00', note));
const [OLD, NEW] = [numbered(50, 'old'), numbered(60, 'new')];

/** Connects as another user of the operator's database. */
async function reader(url: string) {
  const client = new pg.Client(url);
  await client.connect();
  return {
    rows: async (statement: string) => (await client.query(statement)).rows,
    [Symbol.asyncDispose]: () => client.end(),
  };
}

describe.concurrent('replace', UNHURRIED, () => {
  test('readers see the old table or the new, never less', async () => {
    await using job = await operator({ ...REPLACE, items: OLD });
    await job.both('monday');
    await job.change(NEW);
    succeeded(await job.extract('tuesday'));

    await using snapshot = await reader(job.databaseUrl);
    await snapshot.rows('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await snapshot.rows('SELECT 1 FROM _aries_ledger');
    await using poller = await reader(job.databaseUrl);
    const seen = new Set<string>();
    let loading = true;
    const polling = (async () => {
      while (loading) {
        const [row] = await poller.rows(
          'SELECT count(*)::int AS count, min(note) AS least, max(note) AS most FROM items',
        );
        seen.add(`${row!.count} ${row!.least} ${row!.most}`);
        await sleep(1);
      }
    })();
    succeeded(await job.load('tuesday'));
    loading = false;
    await polling;
    expect([...seen].filter((one) => one !== '50 old old' && one !== '60 new new')).toEqual([]);
    const [row] = await snapshot.rows('SELECT count(*)::int AS count FROM items');
    expect([50, 60]).toContain(row!.count);
    await snapshot.rows('COMMIT');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('objects around the table survive: index, grant, comment, and a dependent view', async () => {
    await using job = await operator({ ...REPLACE, items: OLD });
    await job.both('monday');
    await job.sql('CREATE INDEX items_note ON items (note)');
    await job.sql('GRANT SELECT ON items TO PUBLIC');
    await job.sql(`COMMENT ON TABLE items IS 'all items'`);
    const around = () =>
      job.sql(`
        SELECT obj_description('items'::regclass) AS comment, has_table_privilege('public', 'items', 'SELECT') AS granted,
               (SELECT array_agg(indexname::text ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'items') AS indexes`);
    const before = await around();
    await job.change(NEW);
    await job.both('tuesday');
    expect(await around()).toEqual(before);
    expect(await job.table()).toEqual(await job.undisturbed());

    await job.sql('CREATE VIEW notes AS SELECT note FROM items');
    await job.change(OLD);
    await job.both('wednesday');
    expect(await around()).toEqual(before);
    expect(await job.sql('SELECT DISTINCT note FROM notes')).toEqual([{ note: 'old' }]);
  });

  test('a long reader makes it wait for the lock time-out: 75, and nothing has changed', async () => {
    await using job = await operator({ ...REPLACE, items: OLD });
    await job.both('monday');
    await job.change(NEW);
    succeeded(await job.extract('tuesday'));
    await using other = await reader(job.databaseUrl);
    await other.rows('BEGIN');
    await other.rows('SELECT FROM items');
    const started = performance.now();
    const busy = await runHere([
      ...['load', 'postgres', '--config', JSON.stringify({ url: job.databaseUrl, lockTimeout: 0.5 })],
      ...['--input', `${job.staging}/job/tuesday/extract`],
    ]);
    expect(busy).toMatchObject({ code: 75, result: { error: { code: 'RESOURCE_BUSY' } } });
    expect(performance.now() - started).toBeLessThan(10_000);
    await other.rows('COMMIT');
    expect(await job.table()).toEqual(OLD);
    expect(await job.loadAtLast('tuesday')).toBe('loaded');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('a late retry of yesterday does not replace today', async () => {
    await using job = await operator({ ...REPLACE, items: OLD });
    succeeded(await job.extract('monday'));
    await job.change(NEW);
    await job.both('tuesday');
    expect(succeeded(await job.load('monday')).streams.items).toMatchObject({ outcome: 'superseded', records: 0 });
    expect(await job.table()).toEqual(await job.undisturbed());
    expect(await job.state()).toMatchObject({ keys: { length: 60 } });
  });
});
