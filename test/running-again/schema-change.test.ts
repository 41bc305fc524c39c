import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runHere } from '../../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { changingShop } from './changing-shop.ts';
import { succeeded, UNHURRIED } from './commands.ts';
import { postgresTarget } from './targets.ts';

type Fields = NonNullable<Parameters<typeof changingShop>[0][string]['fields']>;

/** Makes a shop with the stream `items` loaded once. */
async function loaded(fields: Fields, row: Record<string, unknown>) {
  const shop = await changingShop({ items: { fields, primaryKey: ['id'] } });
  shop.rows.items = [row as never];
  await shop.both('monday', { disposition: 'merge' });
  return {
    shop,
    async next(run: string, changed: Fields, record: Record<string, unknown>) {
      shop.streams.items!.fields = changed;
      shop.rows.items = [record as never];
      await shop.extract(run);
    },
    merge: (run: string, options = {}) => shop.load(run, { disposition: 'merge', ...options }),
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
}

describe.concurrent('the schema changes between runs', UNHURRIED, () => {
  test('a field is added, one is widened repeatedly: evolve changes the table, freeze lists the changes', async () => {
    await using it = await loaded({ id: 'integer', amount: 'integer' }, { id: 1, amount: 1 });
    const { shop } = it;
    await it.next(
      'added',
      { id: 'integer', amount: 'integer', note: ['string', 'null'] },
      { id: 2, amount: 2, note: 'a' },
    );
    await expect(it.merge('added', { schemaChange: 'freeze' })).rejects.toMatchObject({
      code: 'SCHEMA_FROZEN',
      exitCode: 78,
      message: 'items: the target would have to change: add column "note" text',
    });
    expect((await it.merge('added', { dryRun: true })).streams.items!.changes).toEqual(['add column "note" text']);
    await it.merge('added');
    expect(await shop.table('items')).toEqual([
      { id: 1, amount: 1, note: null },
      { id: 2, amount: 2, note: 'a' },
    ]);

    await it.next('decimal', { id: 'integer', amount: 'string:decimal' }, { id: 3, amount: '0.30' });
    const { changes } = (await it.merge('decimal', { dryRun: true })).streams.items!;
    expect(changes).toHaveLength(1);
    await expect(it.merge('decimal', { schemaChange: 'freeze' })).rejects.toMatchObject({ code: 'SCHEMA_FROZEN' });
    await it.merge('decimal');
    await it.next('text', { id: 'integer', amount: 'string' }, { id: 4, amount: 'much' });
    await it.merge('text');
    expect(await shop.sql('SELECT id::int, amount, note FROM items ORDER BY id')).toEqual([
      { id: 1, amount: '1', note: null },
      { id: 2, amount: '2', note: 'a' },
      { id: 3, amount: '0.30', note: null },
      { id: 4, amount: 'much', note: null },
    ]);
  });

  test('a field is narrowed: the column stays as wide as it is', async () => {
    await using it = await loaded({ id: 'integer', amount: 'string' }, { id: 1, amount: 'much' });
    await it.next('tuesday', { id: 'integer', amount: 'integer' }, { id: 2, amount: 2 });
    expect((await it.merge('tuesday', { schemaChange: 'freeze' })).streams.items!.outcome).toBe('loaded');
    expect(await it.shop.table('items')).toEqual([
      { id: 1, amount: 'much' },
      { id: 2, amount: '2' },
    ]);
  });

  test('a renamed field is one removed and one added: both columns exist, and a required one may now be empty', async () => {
    await using it = await loaded({ id: 'integer', note: 'string' }, { id: 1, note: 'a' });
    await it.next('tuesday', { id: 'integer', remark: 'string' }, { id: 2, remark: 'b' });
    await it.merge('tuesday');
    expect(await it.shop.table('items')).toEqual([
      { id: 1, note: 'a', remark: null },
      { id: 2, note: null, remark: 'b' },
    ]);
  });

  test('a column was made NOT NULL at the destination: a null refuses the load, or the column is loosened', async () => {
    await using it = await loaded({ id: 'integer', note: ['string', 'null'] }, { id: 1, note: 'a' });
    await it.shop.sql('ALTER TABLE items ALTER COLUMN note SET NOT NULL');
    await it.next('tuesday', { id: 'integer', note: ['string', 'null'] }, { id: 2, note: null });
    await expect(it.merge('tuesday', { schemaChange: 'freeze' })).rejects.toMatchObject({ code: 'SCHEMA_FROZEN' });
    expect(await it.shop.table('items')).toEqual([{ id: 1, note: 'a' }]);
    await it.merge('tuesday');
    expect(await it.shop.table('items')).toEqual([
      { id: 1, note: 'a' },
      { id: 2, note: null },
    ]);
  });
});

test('run --dry-run shows steps, streams, lanes and what would change, and does nothing', UNHURRIED, async () => {
  await using target = await postgresTarget();
  const folder = await temporaryFolder();
  try {
    await target.sql('CREATE SCHEMA shop');
    await target.sql('CREATE TABLE shop.items (id int PRIMARY KEY, note text)');
    await target.sql('CREATE TABLE items (id int PRIMARY KEY)');
    const file = join(folder, 'pipeline.yaml');
    await writeFile(
      file,
      JSON.stringify({
        name: 'shop',
        source: { use: 'postgres', config: { url: target.url, schema: 'shop' }, streams: ['items'] },
        destination: { use: 'postgres', config: { url: target.url } },
        staging: `file://${folder}/staging`,
      }),
    );
    const plan = succeeded(await runHere(['run', file, '--dry-run']));
    expect(plan).toMatchObject({
      steps: ['extract', 'load'],
      streams: [
        {
          stream: 'items',
          mode: 'full',
          lane: { extract: 'byte', load: 'byte' },
          disposition: 'replace',
          changes: ['add column "note" text'],
        },
      ],
    });
    const tables = await target.sql(`SELECT FROM pg_tables WHERE schemaname = 'public'`);
    expect(tables).toHaveLength(1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
