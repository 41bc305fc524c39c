import { describe, expect, test } from 'vitest';
import { changingShop } from './changing-shop.ts';
import { UNHURRIED } from './commands.ts';
import { item, operator } from './operator.ts';

const [ONE, TWO] = [item(1, '2026-01-01T00:00:00'), item(2, '2026-01-02T00:00:00')];
const HINT = 'Restore it, or load with --force to fill it with this dataset only.';

describe.concurrent('a table other than the one that was loaded', UNHURRIED, () => {
  test.each([
    ['dropped', 'it was dropped after the last load', ['DROP TABLE items']],
    [
      'created again',
      'it was dropped and created again after the last load',
      [
        'CREATE TABLE other AS TABLE items',
        'DROP TABLE items',
        'ALTER TABLE other RENAME TO items',
        'DELETE FROM items',
      ],
    ],
  ])('%s by hand: refused; with --force it is filled from the dataset', async (_, reason, statements) => {
    await using job = await operator({ items: [ONE] });
    await job.both('monday');
    for (const statement of statements) await job.sql(statement);
    await job.change([ONE, TWO]);
    const { code } = await job.extract('tuesday', ['--full-refresh']);
    expect(code).toBe(0);
    const refused = await job.load('tuesday');
    expect(refused).toMatchObject({ code: 78, result: { error: { code: 'LOAD_REFUSED' } } });
    expect(refused.result.error).toMatchObject({
      message: `Loading into "items" is refused: ${reason}`,
      hint: HINT,
    });
    expect((await job.load('tuesday', ['--force'])).code).toBe(0);
    expect(await job.table()).toEqual(await job.undisturbed());

    await job.change([ONE, TWO, item(3, '2026-01-03T00:00:00')]);
    await job.both('wednesday');
    expect(await job.table(), 'and it goes on from there').toEqual(await job.undisturbed());
  });

  test('dropped and restored from a copy with the same name: still refused, but --force merges into it', async () => {
    await using job = await operator({ items: [ONE] });
    await job.both('monday');
    await job.sql('ALTER TABLE items RENAME TO kept');
    await job.change([ONE, TWO]);
    await expect(job.both('tuesday')).rejects.toMatchObject({ code: 'LOAD_REFUSED', hint: HINT });
    await job.sql('ALTER TABLE kept RENAME TO items');
    await job.both('tuesday');
    expect(await job.table(), 'the table itself came back').toEqual(await job.undisturbed());
  });
});

describe.concurrent('a dataset of several streams', UNHURRIED, () => {
  const FIELDS = { id: 'integer', note: 'string' };
  const STREAMS = { first: { fields: FIELDS, primaryKey: ['id'] }, second: { fields: FIELDS, primaryKey: ['id'] } };

  test('is visible as a whole or not at all, even if its second stream fails', async () => {
    await using shop = await changingShop(STREAMS);
    shop.rows = {
      first: [{ id: 1, note: 'a' }],
      second: [
        { id: 1, note: 'a' },
        { id: 1, note: 'b' },
      ],
    };
    await shop.extract('monday');
    await expect(shop.load('monday')).rejects.toMatchObject({ code: 'DATA_INVALID', exitCode: 65 });
    expect(await shop.tables()).toEqual([]);

    shop.rows.second = [{ id: 1, note: 'a' }];
    await shop.extract('monday', { force: true });
    await shop.load('monday');
    expect([await shop.table('first'), await shop.table('second')]).toEqual([shop.rows.first, shop.rows.second]);

    const before = [await shop.table('first'), await shop.table('second')];
    shop.rows = { first: [{ id: 2, note: 'new' }], second: [{ id: 2, note: 'new' }] };
    await shop.sql(`ALTER TABLE second ADD CHECK (note <> 'new')`);
    await shop.extract('tuesday');
    await expect(shop.load('tuesday')).rejects.toMatchObject({ exitCode: 65 });
    expect([await shop.table('first'), await shop.table('second')]).toEqual(before);
  });

  test('is refused as a whole if one of its tables was dropped', async () => {
    await using shop = await changingShop(STREAMS);
    shop.rows = { first: [{ id: 1, note: 'a' }], second: [{ id: 1, note: 'a' }] };
    await shop.both('monday');
    await shop.sql('DROP TABLE second');
    shop.rows = { first: [{ id: 2, note: 'new' }], second: [{ id: 2, note: 'new' }] };
    await expect(shop.both('tuesday')).rejects.toMatchObject({ code: 'LOAD_REFUSED', exitCode: 78, stream: 'second' });
    expect(await shop.table('first')).toEqual([{ id: 1, note: 'a' }]);
    await shop.load('tuesday', { force: true });
    expect([await shop.table('first'), await shop.table('second')]).toEqual([shop.rows.first, shop.rows.second]);
  });
});
