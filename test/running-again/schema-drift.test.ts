import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadOptions } from '@aries-data/engine';
import type { AriesError } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { changingShop } from './changing-shop.ts';
import { succeeded, UNHURRIED } from './commands.ts';
import { postgresTarget } from './targets.ts';

type Fields = Parameters<typeof changingShop>[0][string]['fields'];
type Row = Record<string, string | number | null>;

/** Makes a pipeline with one stream, `items`, whose fields change between runs. */
async function drifting(into: 'postgres' | 'duckdb' | 'file' = 'postgres') {
  const shop = await changingShop({ items: { primaryKey: ['id'] } }, into);
  let runs = 0;
  return {
    shop,
    /** Extracts and loads rows; without fields, the schema is inferred. */
    async run(fields: Fields, rows: Row[], options: Partial<LoadOptions> = {}) {
      shop.streams.items = { primaryKey: ['id'], ...(fields === undefined ? {} : { fields }) };
      shop.rows.items = rows;
      const run = `run-${++runs}`;
      await shop.extract(run);
      return (await shop.load(run, { allowRepeat: true, ...options })).streams.items!;
    },
    warned: () => shop.warnings.splice(0),
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
}

const BEFORE: Fields = { id: 'integer', name: ['string', 'null'], tags: ['string', 'null'] };
const RENAMED: Fields = { id: 'integer', fullname: ['string', 'null'] };

describe.concurrent('renamed, dropped and retyped fields are reported', UNHURRIED, () => {
  test.each([
    ['postgres', 'merge'],
    ['duckdb', 'merge'],
    ['duckdb', 'append'],
    ['postgres', 'replace'],
    ['file', 'replace'],
    ['file', 'append'],
  ] as const)(
    '%s, %s: once, in the result and as a warning, and again when it comes back',
    async (into, disposition) => {
      await using it = await drifting(into);
      const first = await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], { disposition });
      expect(first).not.toHaveProperty('drift');

      const renamed = await it.run(RENAMED, [{ id: 2, fullname: 'b' }], { disposition });
      expect(renamed.drift).toEqual({
        appeared: [{ field: 'fullname', type: 'string' }],
        vanished: [
          { field: 'name', type: 'string' },
          { field: 'tags', type: 'string' },
        ],
        changed: [],
      });
      expect(it.warned()).toEqual([
        expect.stringMatching(
          /^items: fields that were loaded before are gone: "name" \(string\), "tags" \(string\); /,
        ),
      ]);

      const again = await it.run(RENAMED, [{ id: 3, fullname: 'c' }], { disposition });
      expect(again).not.toHaveProperty('drift');
      expect(it.warned()).toEqual([]);

      const retyped: Fields = { id: 'string:int64', fullname: ['string', 'null'], tags: ['string', 'null'] };
      const { drift } = await it.run(retyped, [{ id: '4', fullname: 'd', tags: 'y' }], { disposition });
      expect(drift).toEqual({
        appeared: [{ field: 'tags', type: 'string' }],
        vanished: [],
        changed: [{ field: 'id', from: 'integer', to: 'int64' }],
      });
      expect(it.warned()).toEqual(['items: "id" was integer and is now int64']);
    },
  );

  test('under replace, the column of a vanished field stays without a value', async () => {
    await using it = await drifting();
    await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], { disposition: 'replace' });
    await it.run(RENAMED, [{ id: 1, fullname: 'b' }], { disposition: 'replace' });
    expect(await it.shop.table('items')).toEqual([{ id: 1, name: null, tags: null, fullname: 'b' }]);
  });

  test('a dry run reports the same and changes nothing', async () => {
    await using it = await drifting();
    await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], { disposition: 'merge' });
    const dry = await it.run(RENAMED, [{ id: 2, fullname: 'b' }], { disposition: 'merge', dryRun: true });
    expect(dry.changes).toEqual(['add column "fullname" text']);
    expect(dry.drift!.vanished.map(({ field }) => field)).toEqual(['name', 'tags']);
    expect(it.warned()).toHaveLength(1);
    expect(await it.shop.table('items')).toEqual([{ id: 1, name: 'a', tags: 'x' }]);
  });

  test('columns added by others, and those dropped on both sides, are not reported', async () => {
    await using it = await drifting();
    const load = { disposition: 'merge', schemaChange: 'freeze' } as const;
    await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], load);
    await it.shop.sql(`ALTER TABLE items ADD COLUMN seen timestamptz DEFAULT '2026-01-01Z', DROP COLUMN tags`);
    const { drift } = await it.run({ id: 'integer', name: ['string', 'null'] }, [{ id: 2, name: 'b' }], load);
    expect(drift).toBeUndefined();
    expect(it.warned()).toEqual([]);
  });

  test('a dataset that was read before the last one lacks newer fields, which is not drift', async () => {
    await using it = await drifting();
    const { shop } = it;
    shop.streams.items = { fields: { id: 'integer' }, primaryKey: ['id'] };
    shop.rows.items = [{ id: 1 }];
    await shop.extract('early');
    await it.run(BEFORE, [{ id: 2, name: 'b', tags: null }], { disposition: 'merge' });
    const load = { disposition: 'merge', schemaChange: 'freeze' } as const;
    expect((await shop.load('early', load)).streams.items!).not.toHaveProperty('drift');
    expect(await it.run(BEFORE, [{ id: 3, name: 'c', tags: null }], load)).not.toHaveProperty('drift');
  });

  test('a ledger of an older version has no fields: it gets them, and the next load reports drift', async () => {
    await using it = await drifting();
    await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], { disposition: 'merge' });
    await it.shop.sql('ALTER TABLE _aries_ledger DROP COLUMN fields');
    expect(await it.run(BEFORE, [{ id: 2, name: 'b', tags: 'y' }], { disposition: 'merge' })).toMatchObject({
      outcome: 'loaded',
    });
    const { drift } = await it.run(RENAMED, [{ id: 3, fullname: 'c' }], { disposition: 'merge' });
    expect(drift!.vanished).toHaveLength(2);
  });
});

test('a dataset shows its first load, and which fields differed then', UNHURRIED, async () => {
  await using it = await drifting();
  const { shop } = it;
  const shown = async (run: string) => {
    const { dataset } = await shop.extract(run);
    return { dataset, ...succeeded(await runHere(['dataset', 'show', dataset])) };
  };
  await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], { disposition: 'merge' });
  expect((await shown('run-1')).loaded).toEqual({ connector: 'postgres', loadedAt: expect.stringMatching(/Z$/) });
  shop.streams.items = {
    primaryKey: ['id'],
    fields: { id: 'string:int64', fullname: ['string', 'null'], tags: 'string' },
  };
  shop.rows.items = [{ id: '2', fullname: 'b', tags: 'y' }];
  expect((await shown('late')).loaded).toBe(null);
  const loads = [await shop.load('late', { disposition: 'merge' }), await shop.load('late', { disposition: 'merge' })];
  expect(loads.map(({ streams }) => streams.items!.outcome)).toEqual(['loaded', 'already-loaded']);
  const { loaded, dataset } = await shown('late');
  expect(loaded.drift).toEqual({ items: loads[0]!.streams.items!.drift });
  const { stdout } = await runAries([], { terminal: `dataset show '${dataset}'` });
  expect(stdout).toMatch(/^loaded into postgres \d{4}-.*Z\r?$/m);
  expect(stdout).toContain(
    'items: new field "fullname" (string), field "name" (string) is gone, field "id" was integer and is now int64',
  );
});

test('a view prevents widening a column: the error names it and says what to do', UNHURRIED, async () => {
  await using it = await drifting();
  await it.run({ id: 'integer', v: 'integer' }, [{ id: 1, v: 1 }], { disposition: 'replace' });
  await it.shop.sql('CREATE VIEW twice AS SELECT id, v * 2 AS w FROM items');
  const error = await it
    .run({ id: 'integer', v: 'string:decimal' }, [{ id: 1, v: '1.5' }], { disposition: 'replace' })
    .catch((error: AriesError) => error);
  expect(error).toMatchObject({ code: 'SCHEMA_CONFLICT', exitCode: 78 });
  expect(`${(error as AriesError).message} ${(error as AriesError).hint}`).toMatchInlineSnapshot(
    `"items: cannot widen column "v" from bigint to numeric: Postgres: cannot alter type of a column used by a view or rule: rule _RETURN on view twice depends on column "v" (SQLSTATE 0A000) Drop what depends on the column (a view, an index), load, and make it again; or leave the field out with the transform select."`,
  );
  expect(await it.shop.table('items')).toEqual([{ id: 1, v: 1 }]);
});

describe.concurrent('inferred fields', UNHURRIED, () => {
  test.each(['postgres', 'file'] as const)(
    '%s: a value that is narrower today is no change, one that is wider is',
    async (into) => {
      await using it = await drifting(into);
      const disposition = 'append';
      await it.run(undefined, [{ id: 1, amount: 1.5, note: null }], { disposition });
      expect(await it.run(undefined, [{ id: 2, amount: 2, note: 'first' }], { disposition })).not.toHaveProperty(
        'drift',
      );
      expect(await it.run(undefined, [{ id: 3, amount: 2.5, note: null }], { disposition })).not.toHaveProperty(
        'drift',
      );
      const { drift } = await it.run(undefined, [{ id: 4, amount: 'n/a', note: 'x' }], { disposition });
      expect(drift!.changed).toEqual([{ field: 'amount', from: 'number', to: 'string' }]);
      const gone = await it.run(undefined, [{ id: 5, note: 'x' }], { disposition });
      expect(gone.drift!.vanished).toEqual([{ field: 'amount', type: 'string' }]);
    },
  );

  test('no records means no information about fields', async () => {
    await using it = await drifting();
    const load = { disposition: 'replace', schemaChange: 'freeze' } as const;
    await it.run(undefined, [{ id: 1, name: 'a' }], load);
    expect(await it.run(undefined, [], load)).not.toHaveProperty('drift');
    expect(await it.run(undefined, [{ id: 1, name: 'a' }], load)).not.toHaveProperty('drift');
    await expect(it.run(undefined, [{ id: 1 }], load)).rejects.toMatchObject({ code: 'SCHEMA_FROZEN' });
  });
});

describe.concurrent('freeze', UNHURRIED, () => {
  test.each([
    [
      'postgres',
      'items: the target would have to change: add column "fullname" text; fields that were loaded before are gone: "name" (string), "tags" (string)',
    ],
    [
      'duckdb',
      'items: the target would have to change: add column "fullname" VARCHAR; fields that were loaded before are gone: "name" (string), "tags" (string)',
    ],
    [
      'file',
      'items: new fields: "fullname" (string); fields that were loaded before are gone: "name" (string), "tags" (string)',
    ],
  ] as const)('%s: all that differs is refused, each time, until it is accepted once', async (into, message) => {
    await using it = await drifting(into);
    const load = { disposition: 'append', schemaChange: 'freeze' } as const;
    await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], load);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(it.run(RENAMED, [{ id: 2, fullname: 'b' }], load)).rejects.toMatchObject({
        code: 'SCHEMA_FROZEN',
        exitCode: 78,
        message,
        hint: 'Change the target by hand, or accept the changes: load once with --schema-change evolve.',
      });
    }
    expect(await it.shop.table('items')).toHaveLength(1);
    await it.run(RENAMED, [{ id: 2, fullname: 'b' }], { ...load, schemaChange: 'evolve' });
    expect((await it.run(RENAMED, [{ id: 3, fullname: 'c' }], load)).outcome).toBe('loaded');
  });

  test('the metrics of a refused run count what differs, of all its streams', async () => {
    await using target = await postgresTarget();
    await using cleanup = new AsyncDisposableStack();
    const folder = cleanup.adopt(await temporaryFolder(), (path) => rm(path, { recursive: true }));
    await target.sql('CREATE SCHEMA shop; CREATE TABLE shop.a (id int, n int); CREATE TABLE shop.b (id int, n int)');
    const file = join(folder, 'pipeline.json');
    const content = {
      name: 'shop',
      source: { use: 'postgres', config: { url: target.url, schema: 'shop' } },
      destination: { use: 'postgres', config: { url: target.url }, schemaChange: 'freeze' },
      staging: `file://${folder}/staging`,
    };
    await writeFile(file, JSON.stringify(content));
    const metrics = join(folder, 'shop.prom');
    const drift = async () =>
      Array.from(
        (await readFile(metrics, 'utf8')).matchAll(
          /^aries_stream_drift_fields\{.*stream="(.)",change="(.*)"\} (.*)$/gm,
        ),
        ([, ...sample]) => sample.join(' '),
      );
    succeeded(await runAries(['run', file, '--metrics-file', metrics]));
    expect(await drift()).toEqual([
      ...['a appeared 0', 'a vanished 0', 'a changed 0'],
      ...['b appeared 0', 'b vanished 0', 'b changed 0'],
    ]);
    await target.sql(
      'ALTER TABLE shop.a ADD x int; ALTER TABLE shop.b DROP n; ALTER TABLE shop.b ADD y int, ADD z int',
    );
    const refused = await runAries(['run', file, '--metrics-file', metrics]);
    expect(refused.result.error).toMatchObject({ code: 'SCHEMA_FROZEN', stream: 'a' });
    expect(await drift()).toEqual([
      ...['a appeared 1', 'a vanished 0', 'a changed 0'],
      ...['b appeared 2', 'b vanished 1', 'b changed 0'],
    ]);
  });

  test('a file whose field has changed type', async () => {
    await using it = await drifting('file');
    const load = { disposition: 'replace', schemaChange: 'freeze' } as const;
    await it.run({ id: 'integer' }, [{ id: 1 }], load);
    await expect(it.run({ id: 'string' }, [{ id: 'a' }], load)).rejects.toThrow('"id" was integer and is now string');
  });
});

describe.concurrent('discard', UNHURRIED, () => {
  const MORE: Fields = { id: 'integer', name: ['string', 'null'], tags: ['string', 'null'], x: ['integer', 'null'] };

  test.each(['postgres', 'duckdb', 'file'] as const)(
    '%s: new fields are left out, counted and named once',
    async (into) => {
      await using it = await drifting(into);
      const load = { disposition: 'append', schemaChange: 'discard' } as const;
      await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], load);
      const rows = [
        { id: 2, name: 'b', tags: null, x: 5 },
        { id: 3, name: 'c', tags: 'y', x: null },
        { id: 4, name: 'd', tags: 'z', x: 0 },
      ];
      const result = await it.run(MORE, rows, load);
      expect(result).toMatchObject({ records: 3, discarded: [{ field: 'x', type: 'integer', records: 2 }] });
      expect(it.warned()).toEqual(['items: the new field "x" (integer) was left out of 2 records']);
      expect(await it.shop.table('items')).toEqual(
        expect.arrayContaining([{ id: 1, name: 'a', tags: 'x' }, ...rows.map(({ x: _, ...kept }) => kept)]),
      );
      // Still new, so it is left out until it is accepted.
      expect((await it.run(MORE, [{ id: 5, name: null, tags: null, x: 1 }], load)).discarded).toHaveLength(1);
    },
  );

  test('a type that would have to change is refused, and a column created by hand is filled', async () => {
    await using it = await drifting();
    const load = { disposition: 'merge', schemaChange: 'discard' } as const;
    await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], load);
    const decimal: Fields = { id: 'string:decimal', name: ['string', 'null'], tags: ['string', 'null'] };
    await expect(it.run(decimal, [{ id: '2.5', name: 'b', tags: null }], load)).rejects.toMatchObject({
      code: 'SCHEMA_FROZEN',
      message: 'items: the target would have to change: widen column "id" from bigint to numeric',
    });
    await it.shop.sql('ALTER TABLE items ADD COLUMN x bigint');
    expect(await it.run(MORE, [{ id: 2, name: 'b', tags: null, x: 5 }], load)).not.toHaveProperty('discarded');
    expect(await it.shop.table('items')).toContainEqual({ id: 2, name: 'b', tags: null, x: 5 });
  });

  test('a vanished field is reported, and the load works without it', async () => {
    await using it = await drifting();
    const load = { disposition: 'merge', schemaChange: 'discard' } as const;
    await it.run(BEFORE, [{ id: 1, name: 'a', tags: 'x' }], load);
    const { drift } = await it.run({ id: 'integer', name: ['string', 'null'] }, [{ id: 1, name: 'b' }], load);
    expect(drift!.vanished).toEqual([{ field: 'tags', type: 'string' }]);
    expect(await it.shop.table('items')).toEqual([{ id: 1, name: 'b', tags: 'x' }]);
  });

  test('a key or cursor is never left out', async () => {
    await using it = await drifting();
    const load = { disposition: 'replace', schemaChange: 'discard' } as const;
    await it.shop.sql('CREATE TABLE items (name text)');
    await expect(it.run({ id: 'integer', name: 'string' }, [{ id: 1, name: 'a' }], load)).rejects.toMatchObject({
      code: 'SCHEMA_FROZEN',
      message: 'items: "id" of the primary key is a new field, which discard would leave out',
    });
  });
});

describe('which policy holds', UNHURRIED, () => {
  test('the command line comes before the stream, the stream before the whole pipeline', async () => {
    await using target = await postgresTarget();
    const folder = await temporaryFolder();
    try {
      await target.sql('CREATE SCHEMA shop; CREATE TABLE shop.a (id int); CREATE TABLE shop.b (id int)');
      const file = join(folder, 'pipeline.yaml');
      const streams = [{ name: 'a', as: 'first', schemaChange: 'discard' }, 'b'];
      await writeFile(
        file,
        JSON.stringify({
          name: 'shop',
          source: { use: 'postgres', config: { url: target.url, schema: 'shop' }, streams },
          destination: { use: 'postgres', config: { url: target.url }, schemaChange: 'freeze' },
          staging: `file://${folder}/staging`,
        }),
      );
      succeeded(await runHere(['run', file]));
      await target.sql('ALTER TABLE shop.a ADD COLUMN x int; INSERT INTO shop.a VALUES (1, 2)');
      expect(succeeded(await runHere(['run', file, '--run-id', 'a'])).streams).toMatchObject({
        first: { discarded: [{ field: 'x', type: 'integer', records: 1 }] },
        b: { outcome: 'loaded' },
      });
      await target.sql('ALTER TABLE shop.b ADD COLUMN y int');
      for (const flags of [[], ['--dry-run']]) {
        expect((await runHere(['run', file, ...flags])).result).toMatchObject({
          ok: false,
          error: { code: 'SCHEMA_FROZEN', stream: 'b' },
        });
      }
      succeeded(await runHere(['run', file, '--schema-change', 'evolve']));
      expect(await target.sql('SELECT x, (SELECT count(y)::int AS y FROM b) FROM first')).toEqual([{ x: 2, y: 0 }]);

      // Without a pipeline, the dataset carries the extract's policy, and the load can override it.
      const config = JSON.stringify({ url: target.url, schema: 'shop' });
      await target.sql('ALTER TABLE shop.b RENAME COLUMN y TO z');
      const frozen = JSON.stringify([{ name: 'b', schemaChange: 'freeze' }]);
      const options = ['--name', 'shop', '--staging', `file://${folder}/staging`, '--run-id', 'alone'];
      const { dataset } = succeeded(
        await runHere(['extract', 'postgres', '--config', config, '--streams', frozen, ...options]),
      );
      const load = ['load', 'postgres', '--config', JSON.stringify({ url: target.url }), '--input', dataset];
      expect((await runHere(load)).result.error.message).toBe(
        'b: the target would have to change: add column "z" integer; fields that were loaded before are gone: "y" (integer)',
      );
      expect(succeeded(await runHere([...load, '--schema-change', 'evolve'])).streams.b.drift.vanished).toEqual([
        { field: 'y', type: 'integer' },
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
