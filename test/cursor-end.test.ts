import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { extract, load, type StreamOptions } from '@aries-data/engine';
import { type Connector, connectorOf, type Disposition } from '@aries-data/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as duckdb from '../connectors/duckdb/src/index.ts';
import { rowsOf } from '../connectors/duckdb/src/testing/index.ts';
import * as postgres from '../connectors/postgres/src/index.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { duckdbTarget, postgresTarget, type Target } from './running-again/targets.ts';

const CONNECTORS: Record<Target['connector'], Connector> = {
  postgres: connectorOf(postgres, { name: 'postgres', version: '0.0.0' }),
  duckdb: connectorOf(duckdb, { name: 'duckdb', version: '0.0.0' }),
};

let folder: string;
beforeAll(async () => {
  folder = await temporaryFolder();
});

describe.each(['postgres', 'duckdb'] as const)('the end of a cursor read of %s', (name) => {
  let place: Target;
  let jobs = 0;
  beforeAll(async () => {
    place = name === 'postgres' ? await postgresTarget() : await duckdbTarget(folder);
  });
  afterAll(() => place[Symbol.asyncDispose]());

  /** Makes a table and a pipeline that loads it into a DuckDB file. */
  async function job(columns: string, options: Partial<StreamOptions> & { fullRefresh?: boolean } = {}) {
    const table = `t${++jobs}`;
    const path = join(folder, `${name}-${table}.duckdb`);
    const staging = pathToFileURL(join(folder, `${name}-${table}`)).href;
    const { fullRefresh, ...stream } = options;
    await place.sql(`CREATE TABLE ${table} (${columns})`);
    let runs = 0;
    return {
      add: (rows: string) => place.sql(`INSERT INTO ${table} ${rows}`),
      async run(disposition?: Disposition) {
        const { dataset } = await extract({
          source: { connector: CONNECTORS[name], config: place.config },
          streams: [{ name: table, cursor: 'u', ...stream }],
          staging,
          name: 'job',
          runId: `r${++runs}`,
          fullRefresh,
        });
        const { streams } = await load({
          destination: { connector: CONNECTORS.duckdb, config: { path } },
          input: [dataset],
          disposition,
        });
        return streams[table]!.records;
      },
      /** Lists the ids in the target, with duplicates. */
      ids: async () => (await rowsOf(path, `SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => Number(id)),
    };
  }

  // Records from DuckDB contain only values that JSON Schema types allow: no infinity, no NaN.
  test.each(
    [
      ['timestamptz', `'2026-01-01 00:00:00+00'`, `'infinity'`, `'2026-01-02 00:00:00+00'`],
      ['timestamp', `'2026-01-01 00:00:00'`, `'2099-01-01 00:00:00'`, `'2026-01-02 00:00:00'`],
      ['date', `'2026-01-01'`, `'infinity'`, `'2026-01-02'`],
      ['float8', '1.5', `'NaN'`, '2.5'],
    ].filter(([, , far]) => name === 'postgres' || far!.includes('2099')),
  )('%s: a row that lies beyond is merged again, and what comes later is read', async (type, first, far, later) => {
    const { add, run, ids } = await job(`id int PRIMARY KEY, u ${type}`);
    await add(`VALUES (1, ${first}), (2, ${far})`);
    expect(await run('merge')).toBe(2);
    await add(`VALUES (3, ${later})`);
    await run('merge');
    expect(await ids()).toEqual([1, 2, 3]);
  });

  test('when appended, such a row is left out until its time has come', async () => {
    const { add, run, ids } = await job('id int, u timestamptz');
    await add(`VALUES (1, '2026-01-01 00:00:00+00'), (2, '2098-01-01 00:00:00+00'), (3, '2099-01-01 00:00:00+00')`);
    expect(await run('append')).toBe(1);
    await add(`VALUES (4, '2026-01-02 00:00:00+00')`);
    expect(await run('append')).toBe(1);
    expect(await run('append')).toBe(0);
    expect(await ids()).toEqual([1, 4]);
  });

  test('thousands of rows with the greatest value are merged again, or appended once there is a later value', async () => {
    const many = `SELECT i, now() - INTERVAL '1 hour' FROM generate_series(1, 2500) AS s(i)`;
    const merged = await job('id int PRIMARY KEY, u timestamptz');
    const appended = await job('id int, u timestamptz');
    for (const { add } of [merged, appended]) await add(`VALUES (0, now() - INTERVAL '2 hours')`);
    for (const { add } of [merged, appended]) await add(many);
    expect(await merged.run('merge')).toBe(2501);
    expect(await merged.run('merge')).toBe(2500);
    expect(await appended.run('append')).toBe(1);
    expect(await appended.run('append')).toBe(0);
    for (const { add } of [merged, appended]) await add('VALUES (2501, now())');
    await merged.run('merge');
    await appended.run('append');
    const all = Array.from({ length: 2502 }, (_, id) => id);
    expect(await merged.ids()).toEqual(all);
    expect(await appended.ids()).toEqual(all);
  });

  test('thousands of rows with one value from days ago are appended at once, and only once', async () => {
    const { add, run, ids } = await job('id int, u timestamptz');
    await add(`SELECT i, '2026-01-01 00:00:00+00' FROM generate_series(1, 2500) AS s(i)`);
    expect(await run('append')).toBe(2500);
    await add(`VALUES (2501, '2026-01-02 00:00:00+00')`);
    expect(await run('append')).toBe(1);
    expect(await ids()).toHaveLength(2501);
  });

  test('a full read that leaves some rows to a later run still reads rows without a cursor', async () => {
    const { add, run, ids } = await job('id int, u int', { fullRefresh: true });
    await add('SELECT i, 7 FROM generate_series(1, 2500) AS s(i)');
    await add('VALUES (0, NULL)');
    expect(await run('replace')).toBe(1);
    expect(await ids()).toEqual([0]);
  });
});
