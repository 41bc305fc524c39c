import { expect, test } from 'vitest';
import { lastSchema, queryOf } from './soql.ts';

const object = {
  name: 'Account',
  fields: [
    ['Id', 'id'],
    ['Name', 'string'],
    ['Amount', 'double'],
    ['Day', 'date'],
    ['SystemModstamp', 'datetime'],
  ].map(([name, type]) => ({ name, type, label: name, nillable: false })),
};
const since = (cursor: string, value: string) =>
  queryOf(object as never, { cursor, window: { since: value }, primaryKey: ['Id'] } as never).count;

test.each([
  ['SystemModstamp', '2026-01-31T08:30:00.000Z', '2026-01-31T08:30:00.000Z'],
  ['Day', '2026-01-31', '2026-01-31'],
  ['Day', '2026-01-31T00:00:00.000Z', '2026-01-31'],
  ['Amount', '-1.5e3', '-1.5e3'],
  ['Name', "O'Neil \\", String.raw`'O\'Neil \\'`],
])('%s %s is a value of SOQL', (cursor, value, literal) => {
  expect(since(cursor, value)).toBe(`SELECT COUNT() FROM Account WHERE ${cursor} >= ${literal}`);
});

test.each([
  ['SystemModstamp', "2026-01-31T08:30:00.000Z OR Name != ''"],
  ['Day', "x OR Name != ''"],
  ['Amount', '1 OR Amount > 0'],
  ['Amount', 'NaN'],
])('%s %s is none', (cursor, value) => {
  expect(() => since(cursor, value)).toThrow(expect.objectContaining({ code: 'DATA_INVALID', exitCode: 65 }));
});

test('a position must hold an ID and a time', () => {
  const id = '0015g00000XyZaBAAV';
  expect(lastSchema.safeParse({ id, modified: '2026-01-31T08:30:00.000Z' }).success).toBe(true);
  for (const last of [
    { id: "x' OR Id != '", modified: null },
    { id, modified: "2026-01-31T08:30:00Z OR Name != ''" },
    { id: 12, modified: null },
  ])
    expect(lastSchema.safeParse(last).success).toBe(false);
});
