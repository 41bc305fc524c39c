/**
 * One run of each kind, with all its output: result lines, staging, state and ledger. The inputs are fixed, and parts are not
 * compressed, so that checksums do not depend on a compressor.
 */

import { DuckDBInstance } from '@duckdb/node-api';
import { describe, type ExpectStatic, test } from 'vitest';
import { freshDatabase } from '../services/database.ts';
import { query } from '../services/query.ts';
import { connector, createWorld } from './world.ts';

const STAGED = ['--staging', 'staging', '--compression', 'none', '--run-id', 'r1'];

const CITIES = `id,name,area,founded
1,Aachen,160.85,1890-01-02
2,"Bad ""X""",,1900-02-03
3,,0.50,
`;

const ORDERS = `{"id":1,"at":"2024-01-01T08:00:00Z","total":12.50,"note":"first"}
{"id":2,"at":"2024-01-01T09:30:00Z","total":7,"note":null}
{"id":2,"id":3}
{"id":3,"at":"2024-01-02T00:00:00Z","total":0.10,"note":"a \\"quoted\\" note"}
`;
const ORDERS_STREAM = JSON.stringify([{ name: 'orders', primaryKey: ['id'], cursor: 'at' }]);

describe.concurrent('what a run leaves behind', () => {
  test('csv into DuckDB: a full read that replaces', async ({ expect }) => {
    await using world = await createWorld({ 'cities.csv': CITIES });
    await world.aries(['extract', 'file', '--config', '{"url":"cities.csv"}', ...STAGED, '--name', 'geo']);
    await world.aries(['load', 'duckdb', '--config', '{"path":"geo.duckdb"}', '--input', 'staging/geo/r1/extract']);
    await world.aries(['dataset', 'show', 'staging/geo/r1/extract']);
    const golden = goldenOf(expect, 'csv-to-duckdb');
    await golden('result-lines.txt', world.transcript());
    await golden('staging.txt', await world.tree('staging'));
    await golden('manifest.json', await world.read('staging/geo/r1/extract/manifest.json'));
    await golden('checkpoint.json', await world.read('staging/geo/r1/extract/cities/*.checkpoint.json'));
    await golden('part.ndjson', await world.read('staging/geo/r1/extract/cities/*-00000.ndjson'));
    await golden('ledger.json', world.mask(json(await duckdbRows(world.path('geo.duckdb'), LEDGER_ROWS))));
    await golden('ledger-columns.json', json(await duckdbRows(world.path('geo.duckdb'), LEDGER_COLUMNS)));
  });

  test('ndjson into files: an incremental read that is appended, with a rejected record', async ({ expect }) => {
    await using world = await createWorld({ 'orders.ndjson': ORDERS });
    const extract = ['extract', 'file', '--config', '{"url":"orders.ndjson"}', ...STAGED, '--name', 'shop'];
    await world.aries([...extract, '--streams', ORDERS_STREAM, '--max-rejected', '1']);
    const config = '{"path":"out","format":"csv"}';
    await world.aries(['load', 'file', '--config', config, '--input', 'staging/shop/r1/extract']);
    await world.aries(['load', 'file', '--config', config, '--input', 'staging/shop/r1/extract']);
    await world.aries(['state', 'show', '--staging', 'staging', '--name', 'shop']);
    const golden = goldenOf(expect, 'ndjson-to-file');
    await golden('result-lines.txt', world.transcript());
    await golden('staging.txt', await world.tree('staging'));
    await golden('manifest.json', await world.read('staging/shop/r1/extract/manifest.json'));
    await golden('checkpoint.json', await world.read('staging/shop/r1/extract/orders/*.checkpoint.json'));
    await golden('rejected.ndjson', await world.read('staging/shop/r1/extract/orders/*-rejected-00000.ndjson'));
    await golden('state.json', await world.read('staging/shop/state/1.json'));
    await golden('destination.txt', await world.tree('out'));
    await golden('ledger.ndjson', await world.read('out/_aries/ledger-00000001.ndjson'));
    await golden('orders.csv', await world.read('out/orders-*.csv'));
  });

  test('DuckDB into Postgres: an incremental read that is merged', async ({ expect }) => {
    await using database = await freshDatabase();
    await using world = await createWorld({}, { places: databaseOf(database.url) });
    await duckdbRows(
      world.path('shop.duckdb'),
      `CREATE TABLE orders (id BIGINT PRIMARY KEY, "at" TIMESTAMP NOT NULL, total DECIMAL(9,2), note VARCHAR);
       INSERT INTO orders VALUES (1, '2024-01-01 08:00:00', 12.50, 'first'), (2, '2024-01-01 09:30:00', 7, NULL),
         (3, '2024-01-02 00:00:00', 0.10, 'a "quoted" note')`,
    );
    const config = '{"path":"shop.duckdb"}';
    const streams = JSON.stringify([{ name: 'orders', cursor: 'at' }]);
    await world.aries(['extract', 'duckdb', '--config', config, ...STAGED, '--name', 'shop', '--streams', streams]);
    const load = ['load', 'postgres', '--config', '{"url":"${env:WAREHOUSE}"}', '--input', 'staging/shop/r1/extract'];
    await world.aries(load, { env: { WAREHOUSE: database.url } });
    const golden = goldenOf(expect, 'duckdb-to-postgres');
    await golden('result-lines.txt', world.transcript());
    await golden('staging.txt', await world.tree('staging'));
    await golden('manifest.json', await world.read('staging/shop/r1/extract/manifest.json'));
    await golden('checkpoint.json', await world.read('staging/shop/r1/extract/orders/*.checkpoint.json'));
    await golden('part.ndjson', await world.read('staging/shop/r1/extract/orders/*-00000.ndjson'));
    await golden('state.json', await world.read('staging/shop/state/1.json'));
    await golden('ledger.json', world.mask(json(await query(database.url, LEDGER_ROWS))));
    await golden('ledger-columns.json', json(await query(database.url, LEDGER_COLUMNS)));
  });

  test('Postgres into Postgres: partitions of a plan', async ({ expect }) => {
    await using database = await freshDatabase();
    await using world = await createWorld(
      {},
      {
        places: databaseOf(database.url),
        // The digest of the source, which includes its address.
        patterns: [[/("source\\?":\s*\\?")[0-9a-f]{16}/g, '$1<digest>']],
      },
    );
    await query(
      database.url,
      `CREATE SCHEMA shop; CREATE SCHEMA warehouse;
       CREATE TABLE shop.orders (id int PRIMARY KEY, at timestamptz NOT NULL, total numeric(9,2), note text);
       INSERT INTO shop.orders SELECT n, '2024-01-01 00:00Z'::timestamptz + n * interval '1 hour', n / 4.0, 'order ' || n
         FROM generate_series(1, 40) n;
       ANALYZE shop.orders`,
    );
    const env = { DATABASE: database.url };
    const extract = ['extract', 'postgres', '--config', '{"url":"${env:DATABASE}","schema":"shop"}', ...STAGED];
    const named = [...extract, '--name', 'copy', '--streams', '[{"name":"orders","cursor":"at"}]'];
    await world.aries([...named, '--plan', '--partitions', '2'], { env });
    for (const piece of ['0/2', '1/2']) await world.aries([...named, '--partition', piece], { env });
    const config = '{"url":"${env:DATABASE}","schema":"warehouse"}';
    await world.aries(['load', 'postgres', '--config', config, '--input', 'staging/copy/r1'], { env });
    const golden = goldenOf(expect, 'postgres-to-postgres');
    const binary = [...extract, '--name', 'binary', '--streams', '[{"name":"orders","mode":"full"}]'];
    await world.aries([...binary, '--staged-format', 'pgcopy'], { env });
    await golden('result-lines.txt', world.transcript());
    await golden('pgcopy-checkpoint.json', await world.read('staging/binary/r1/extract/orders/*.checkpoint.json'));
    const tree = await world.tree('staging');
    await golden('staging.txt', tree);
    await golden('plan.json', await world.read('staging/copy/r1/plan.json'));
    const first = /^copy\/r1\/extract\..+?(?=\/)/m.exec(tree)?.[0];
    await golden('manifest-of-partition.json', await world.read(`staging/${first}/manifest.json`));
    await golden('checkpoint.json', await world.read(`staging/${first}/orders/*.checkpoint.json`));
    await golden('state.json', await world.read('staging/copy/state/1.json'));
    await golden(
      'ledger.json',
      world.mask(json(await query(database.url, `SET search_path = warehouse; ${LEDGER_ROWS}`))),
    );
  });

  test('streams of one log: one partition of a plan', async ({ expect }) => {
    await using world = await createWorld(
      {},
      // A change has the time at which it was read.
      { patterns: [[/("sha256":\s*")[0-9a-f]{64}/g, '$1<digest>']] },
    );
    const extract = ['extract', connector('journal'), '--config', '{}', ...STAGED, '--name', 'journal'];
    await world.aries([...extract, '--plan']);
    for (const piece of ['0/2', '1/2']) await world.aries([...extract, '--partition', piece]);
    await world.aries(['dataset', 'show', 'staging/journal/r1']);
    const golden = goldenOf(expect, 'log-in-partitions');
    await golden('result-lines.txt', world.transcript());
    await golden('staging.txt', await world.tree('staging'));
    await golden('plan.json', await world.read('staging/journal/r1/plan.json'));
    await golden('manifest.json', await world.read('staging/journal/r1/extract.customers.log/manifest.json'));
  });

  test('an interval, transformed by a step of its own, replaces its rows', async ({ expect }) => {
    await using world = await createWorld({ 'orders.ndjson': ORDERS.replace('{"id":2,"id":3}\n', '') });
    const interval = ['--interval-start', '2024-01-01T00:00:00Z', '--interval-end', '2024-01-02T00:00:00Z'];
    const extract = [
      'extract',
      'file',
      '--config',
      '{"url":"orders.ndjson"}',
      ...STAGED,
      '--name',
      'days',
      ...interval,
    ];
    await world.aries([...extract, '--streams', ORDERS_STREAM]);
    const dedupe = [
      'transform',
      'dedupe',
      '--config',
      '{}',
      '--input',
      'staging/days/r1/extract',
      '--staging',
      'staging',
    ];
    await world.aries([...dedupe, '--compression', 'none']);
    await world.aries(['load', 'duckdb', '--config', '{"path":"days.duckdb"}', '--input', 'staging/days/r1/dedupe']);
    const golden = goldenOf(expect, 'interval');
    await golden('result-lines.txt', world.transcript());
    await golden('staging.txt', await world.tree('staging'));
    await golden('manifest-of-extract.json', await world.read('staging/days/r1/extract/manifest.json'));
    await golden('manifest-of-transform.json', await world.read('staging/days/r1/dedupe/manifest.json'));
    await golden('ledger.json', world.mask(json(await duckdbRows(world.path('days.duckdb'), LEDGER_ROWS))));
  });

  test('a pipeline into a destination without a ledger', async ({ expect }) => {
    await using world = await createWorld(
      { 'shop.yaml': PIPELINE },
      // Parts of a pipeline are compressed.
      { patterns: [[/("bytes":)\d+/g, '$1<bytes>']] },
    );
    await world.aries(['run', 'shop.yaml', '--dry-run']);
    await world.aries(['run', 'shop.yaml', '--step', 'extract', '--run-id', 'r1', '--plan']);
    await world.aries(['run', 'shop.yaml', '--step', 'extract', '--run-id', 'r1', '--partition', '0/1']);
    await world.aries(['run', 'shop.yaml', '--run-id', 'r2']);
    await world.aries(['dataset', 'head', 'staging/shop/r2/extract', '--records', '1']);
    await world.aries([
      'state',
      'reset',
      connector('sink'),
      '--config',
      SINK,
      '--staging',
      'staging',
      '--name',
      'shop',
    ]);
    const golden = goldenOf(expect, 'pipeline');
    await golden('result-lines.txt', world.transcript());
    await golden('staging.txt', await world.tree('staging'));
    await golden('plan.json', await world.read('staging/shop/r1/plan.json'));
    await golden('state.json', await world.read('staging/shop/state/1.json'));
    await golden('kept-ledger.json', await world.read('staging/shop/state/ledger-*-00000001.json'));
  });
});

const LEDGER_ROWS = 'SELECT * FROM _aries_ledger ORDER BY entry';
const LEDGER_COLUMNS = `SELECT column_name, data_type, is_nullable FROM information_schema.columns
  WHERE table_name = '_aries_ledger' ORDER BY ordinal_position`;

const SINK = '{"path":"lines.ndjson"}';

const PIPELINE = `name: shop
source: { use: ${connector('shop')} }
destination: { use: ${connector('sink')}, config: ${SINK} }
staging: staging
`;

/** Compares texts with the golden files of one run. */
function goldenOf(expect: ExpectStatic, run: string) {
  return (name: string, text: string) => expect.soft(text).toMatchFileSnapshot(`golden/${run}/${name}`);
}

/** Masks for the test run's database. */
function databaseOf(url: string): Record<string, string> {
  const { host, pathname } = new URL(url);
  return { [url]: '<url>', [host]: '<host>', [pathname.slice(1)]: '<database>' };
}

function json(rows: unknown): string {
  return `${JSON.stringify(rows, null, 2)}\n`;
}

async function duckdbRows(path: string, sql: string): Promise<unknown> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
