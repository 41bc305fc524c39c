import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { source } from '../../connectors/file/src/source/source.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { changingShop } from './changing-shop.ts';

/** Appends each day's value of an inferred column to one table, and returns the table's values. */
async function days(into: 'postgres' | 'duckdb', values: (string | number | boolean | null | object)[]) {
  await using shop = await changingShop({ items: {} }, into);
  for (const [index, value] of values.entries()) {
    shop.rows.items = [{ id: index, value } as never];
    await shop.both(`day-${index}`, { disposition: 'append', allowRepeat: true });
  }
  const [type] = await shop.sql(
    `SELECT data_type AS type FROM information_schema.columns WHERE table_name = 'items' AND column_name = 'value'`,
  );
  const rows = await shop.sql('SELECT CAST(value AS varchar) AS value FROM items ORDER BY id');
  return { type: String(type!.type).toLowerCase(), values: rows.map(({ value }) => value) };
}

test.concurrent.each(['postgres', 'duckdb'] as const)(
  '%s: a column that has held only nulls takes the first type that comes',
  async (into) => {
    const text = into === 'postgres' ? 'text' : 'varchar';
    expect(await days(into, [null, 'hello', 5, 5.5])).toEqual({ type: text, values: [null, 'hello', '5', '5.5'] });
    expect(await days(into, [null, null, 5, null])).toEqual({ type: 'bigint', values: [null, null, '5', null] });
    expect(await days(into, [null, 5, 'hello', null])).toEqual({ type: text, values: [null, '5', 'hello', null] });
    expect((await days(into, [null, '2026-01-31'])).type).toBe('date');
    expect((await days(into, [null, '2026-01-31T08:30:00Z'])).type).toBe('timestamp with time zone');
    expect(await days(into, [null, true])).toEqual({ type: 'boolean', values: [null, 'true'] });
  },
);

test.concurrent.each(['postgres', 'duckdb'] as const)(
  '%s: a day of nulls leaves the column its type, and a text beside JSON is a text',
  async (into) => {
    expect((await days(into, [true, null])).type).toBe('boolean');
    expect((await days(into, ['2026-01-31', null, '2026-02-28'])).type).toBe('date');
    expect((await days(into, [1.5, null, 2])).type).toBe(into === 'postgres' ? 'double precision' : 'double');
    expect((await days(into, [[1, 2], null])).type).toBe(into === 'postgres' ? 'jsonb' : 'json');
    const { values } = await days(into, [[1], 'hello', { a: 1 }]);
    expect(values.map((value) => String(value).replaceAll(' ', ''))).toEqual(['[1]', 'hello', '{"a":1}']);
  },
);

test.concurrent.for(['postgres', 'duckdb'] as const)(
  '%s: a file of nothing but its header makes the table, whose columns take the types of the rows that follow',
  async (into) => {
    await using shop = await changingShop({}, into);
    const folder = await temporaryFolder();
    const url = join(folder, 'items.csv');
    const connector = { name: 'file', version: '0.0.0', source };
    const load = async (run: string, text: string) => {
      await writeFile(url, text);
      await shop.extract(run, { source: { connector, config: { url } } });
      return shop.load(run, { disposition: 'append' });
    };
    await load('monday', 'id,name\n');
    expect(await shop.table('items')).toEqual([]);
    await load('tuesday', 'id,name\n1,a\n');
    expect(await shop.table('items')).toEqual([{ id: 1, name: 'a' }]);
  },
);
