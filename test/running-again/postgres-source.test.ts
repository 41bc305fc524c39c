import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { openDataset } from '../../packages/engine/src/dataset/open-dataset.ts';
import { startProxy } from '../services/tcp-proxy.ts';
import { type Operator, operator, start, succeeded, UNHURRIED, until } from './operator.ts';

/** Commands of a pipeline from the schema `shop` of the operator's database into its schema `public`. */
function shop(job: Operator, url: string, stream: object, format = 'csv') {
  const task = (run: string) => ['--staging', job.staging, '--name', 'shop', '--run-id', run];
  const extract = (run: string) => [
    ...['extract', 'postgres', '--config', JSON.stringify({ url, schema: 'shop' })],
    ...['--streams', JSON.stringify([{ name: 'items', cursor: 'at', ...stream }]), ...task(run)],
    ...['--staged-format', format],
  ];
  const load = (run: string) => [
    ...['load', 'postgres', '--config', JSON.stringify({ url: job.databaseUrl })],
    ...['--input', `${job.staging}/shop/${run}/extract`],
  ];
  return { extract, load };
}

/** Finds rows that are in only one of the tables. */
const DIFFERENCE = `
  (SELECT 'lost', s.* FROM (TABLE shop.items EXCEPT ALL TABLE public.items) AS s)
  UNION ALL (SELECT 'too much', t.* FROM (TABLE public.items EXCEPT ALL TABLE shop.items) AS t) LIMIT 5`;

test.for(['csv', 'pgcopy'] as const)(
  'a table of which half was read when the extract died: its retry reads the ranges of the key that are left, as %s',
  UNHURRIED,
  async (format) => {
    await using job = await operator();
    await job.sql('CREATE SCHEMA shop');
    await job.sql('CREATE TABLE shop.items (id int PRIMARY KEY, at timestamptz NOT NULL, note text)');
    // 40 MB: more than two pieces.
    await job.sql(
      `INSERT INTO shop.items SELECT n, timestamptz '2026-01-01Z' + n * interval '1 s', repeat('x', 1900) FROM generate_series(1, 20000) AS n`,
    );
    const direct = new URL(job.databaseUrl);
    await using proxy = await startProxy({ host: direct.hostname, port: Number(direct.port) });
    direct.port = String(proxy.port);
    const { extract, load } = shop(job, direct.href, {}, format);
    const statements: string[] = [];
    let killed = false;
    proxy.onUpstreamData((data) => {
      const [copy] = /COPY \(.*?\) TO STDOUT/.exec(data.toString('latin1')) ?? [];
      if (copy === undefined) return;
      // Slow from here on, so that it can be killed in the middle.
      if (!killed) proxy.delay(1000);
      statements.push(copy);
    });

    const first = start(extract('monday'));
    await until(() => globSync(join(job.folder, 'staging/**/*.checkpoint.json')).length > 0, first.done);
    first.kill('SIGKILL');
    await first.done;
    killed = true;
    proxy.delay(0);
    const before = statements.splice(0).length;
    expect(before).toBeLessThanOrEqual(2);
    await job.sql(`UPDATE shop.items SET at = '2026-02-01Z', note = 'newer, read before' WHERE id = 1`);
    await job.sql(`UPDATE shop.items SET at = '2026-02-02Z', note = 'newer, not read before' WHERE id = 19000`);
    await job.sql(
      `INSERT INTO shop.items SELECT 40000, at, 'new, where the first attempt ended' FROM shop.items WHERE id = 20000`,
    );
    await job.sql(`INSERT INTO shop.items VALUES (-1, '2026-02-03Z', 'new, in a range that was read')`);
    await job.sql('DELETE FROM shop.items WHERE id = 18000');

    const { dataset } = succeeded(await runHere(extract('monday')));
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) expect(statement).toMatch(/"id" > '\d+'::integer/);
    const stream = (await openDataset(dataset)).manifest.streams.items!;
    expect(stream).toMatchObject({
      format,
      consistency: 'per-range',
      stateAfter: { cursor: '2026-01-01T05:33:20Z', keys: [[20000], [40000]] },
    });
    const refused = await runHere([...load('monday'), '--disposition', 'append']);
    expect(refused).toMatchObject({ code: 78, result: { error: { code: 'CONFIG_INVALID' } } });
    expect(refused.result.error).toMatchObject({
      message: 'items: append could repeat or lose records: the ranges of the stream were read at different times',
      hint: 'Extract with --force to read it as of one time, or use merge.',
    });

    succeeded(await runHere(load('monday')));
    const next = succeeded(await runHere(extract('tuesday')));
    expect(next.streams.items.records).toBe(3);
    succeeded(await runHere(load('tuesday')));
    expect(await job.sql(DIFFERENCE)).toEqual([]);

    const forced = succeeded(await runHere([...extract('monday'), '--force']));
    expect((await openDataset(forced.dataset)).manifest.streams.items).toMatchObject({ consistency: 'snapshot' });
  },
);

describe.concurrent('rows of a table are appended once', UNHURRIED, () => {
  test.each([
    ['with a key', 'PRIMARY KEY'],
    ['without a key', 'NOT NULL'],
  ])('%s, though several have the cursor value at which a run ended', async (_, key) => {
    await using job = await operator();
    await job.sql('CREATE SCHEMA shop');
    await job.sql(`CREATE TABLE shop.items (id int ${key}, at timestamptz NOT NULL, note text)`);
    const { extract, load } = shop(job, job.databaseUrl, { disposition: 'append' });
    const inserts = [
      `(1, '2026-01-01Z', 'a'), (2, '2026-01-02Z', NULL)`,
      `(3, '2026-01-02Z', 'c'), (4, '2026-01-02Z', NULL)`,
      `(5, '2026-01-02Z', 'e'), (6, '2026-01-03Z', 'f')`,
    ];
    for (const [run, rows] of inserts.entries()) {
      await job.sql(`INSERT INTO shop.items VALUES ${rows}`);
      succeeded(await runHere(extract(`run-${run}`)));
      succeeded(await runHere(load(`run-${run}`)));
    }
    expect(await job.sql(DIFFERENCE)).toEqual([]);
  });
});
