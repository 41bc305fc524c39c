import { describe, expect, test } from 'vitest';
import { changingShop } from './changing-shop.ts';
import { succeeded, UNHURRIED } from './commands.ts';
import { item, operator } from './operator.ts';

const MERGE = { disposition: 'merge' } as const;
const [EARLY, LATE] = ['2026-01-01T00:00:00', '2026-01-02T00:00:00'];

describe.concurrent('merge', UNHURRIED, () => {
  test('of records with one key the later cursor wins, on a tie the later record; in a dataset and across them', async () => {
    await using job = await operator({
      ...MERGE,
      items: [
        item(1, LATE, 'later cursor'),
        item(1, EARLY, 'earlier cursor'),
        item(2, EARLY, 'first of a tie'),
        item(2, EARLY, 'last of a tie'),
        item(3, LATE, 'stays'),
      ],
    });
    await job.both('monday');
    const merged = [item(1, LATE, 'later cursor'), item(2, EARLY, 'last of a tie'), item(3, LATE, 'stays')];
    expect(await job.table()).toEqual(merged);

    // A full read brings a record that is older than the one that is there, and one with the same cursor.
    await job.change([item(2, EARLY, 'tie with what is there'), item(3, EARLY, 'older')]);
    succeeded(await job.extract('tuesday', ['--full-refresh']));
    expect(succeeded(await job.load('tuesday')).streams.items).toMatchObject({ inserted: 0, updated: 1, unchanged: 1 });
    expect(await job.table()).toEqual([merged[0], item(2, EARLY, 'tie with what is there'), merged[2]]);
  });

  test('a record whose key changed at the source is another record: the old one stays', async () => {
    await using job = await operator({ ...MERGE, items: [item(1, EARLY)] });
    await job.both('monday');
    await job.change([item(7, LATE)]);
    await job.both('tuesday');
    expect(await job.table(), 'what is deleted at the source is not seen').toEqual([item(1, EARLY), item(7, LATE)]);
  });

  test('columns that the dataset lacks stay as they are', async () => {
    await using job = await operator({ ...MERGE, items: [item(1, EARLY)] });
    await job.both('monday');
    await job.sql(`ALTER TABLE items ADD COLUMN mark text`);
    await job.sql(`UPDATE items SET mark = 'by hand'`);
    await job.change([item(1, LATE, 'changed'), item(2, LATE)]);
    await job.both('tuesday');
    expect(await job.sql('SELECT id, note, mark FROM items ORDER BY id')).toMatchObject([
      { note: 'changed', mark: 'by hand' },
      { note: 'note 2', mark: null },
    ]);
  });

  test('records of which none has a key cannot be merged', async () => {
    await using job = await operator({ keyless: true, items: [item(1, EARLY)] });
    succeeded(await job.extract('monday'));
    const refused = await job.load('monday', ['--disposition', 'merge']);
    expect(refused).toMatchObject({ code: 78, result: { error: { code: 'CONFIG_INVALID' } } });
    expect(refused.result.error).toMatchObject({
      message: 'items: merge needs a primary key',
      hint: "Set one in the stream's options: primaryKey: [id].",
    });
  });

  test('a record whose key is NULL is rejected; where that is allowed, the others are merged', async () => {
    await using shop = await changingShop({
      items: { fields: { id: ['integer', 'null'], note: 'string' }, primaryKey: ['id'] },
    });
    shop.rows.items = [
      { id: 1, note: 'a' },
      { id: null, note: 'no key' },
    ];
    await shop.extract('monday');
    await expect(shop.load('monday')).rejects.toMatchObject({ code: 'RECORDS_REJECTED' });
    expect(await shop.tables()).toEqual([]);
    const { streams } = await shop.load('monday', { maxRejected: { count: 1 } });
    expect(streams.items).toMatchObject({ records: 1, rejected: 1 });
    expect(await shop.table('items')).toEqual([{ id: 1, note: 'a' }]);
  });
});
