import { expect, test } from 'vitest';
import { ansiDialect } from './ansi-dialect.ts';

const COLUMNS = [
  { name: 'id', type: 'bigint', nullable: false },
  { name: 'a "b"', type: 'text', nullable: true },
];

test('the defaults are standard SQL', () => {
  const dialect = ansiDialect({ name: 'x' });
  const table = dialect.table('main', 'orders');
  expect([
    ...dialect.createStage(table, COLUMNS, true),
    ...dialect.alter(table, [
      { kind: 'add', column: 'c', type: 'date' },
      { kind: 'widen', column: 'd', from: 'integer', type: 'bigint' },
      { kind: 'drop-not-null', column: 'e' },
    ]),
    dialect.differs('t', 'l', COLUMNS),
  ]).toMatchInlineSnapshot(`
    [
      "CREATE TABLE "main"."orders" ("id" bigint NOT NULL, "a ""b""" text, "_aries_ordinal" bigint GENERATED ALWAYS AS IDENTITY)",
      "ALTER TABLE "main"."orders" ADD COLUMN "c" date",
      "ALTER TABLE "main"."orders" ALTER COLUMN "d" SET DATA TYPE bigint",
      "ALTER TABLE "main"."orders" ALTER COLUMN "e" DROP NOT NULL",
      "(t."id" IS DISTINCT FROM l."id" OR t."a ""b""" IS DISTINCT FROM l."a ""b""")",
    ]
  `);
  expect(['a', 'A', '', '\0', '\ud800'].map((name) => dialect.nameKey(name, 'column'))).toEqual([
    'a',
    'A',
    undefined,
    undefined,
    undefined,
  ]);
});

test('what a database does differently is used by the other defaults', () => {
  const dialect = ansiDialect({ name: 'x', quote: (name) => `[${name}]`, ordinal: 'rowid' });
  const table = dialect.table('main', 'orders');
  expect(dialect.createStage(table, COLUMNS, true)).toEqual([
    'CREATE TABLE [main].[orders] ([id] bigint NOT NULL, [a "b"] text)',
  ]);
  expect(dialect.differs('t', 'l', [{ name: 'id', type: 'bigint' }])).toBe('(t.[id] IS DISTINCT FROM l.[id])');
});

test('a column takes only its own type, unless the dialect knows better', () => {
  const column = { name: 'a', type: 'text', nullable: true, hasDefault: false, generated: false };
  const wanted = { field: { name: 'a', kind: 'string', nullable: true, schema: {} } as const, neverHeld: false };
  const dialect = ansiDialect({ name: 'x' });
  expect(dialect.matchColumn(column, { ...wanted, type: 'text' })).toEqual({ fits: true });
  expect(dialect.matchColumn(column, { ...wanted, type: 'bigint' })).toEqual({
    fits: false,
    conflict: "is of type text, and the dataset's field needs bigint",
  });
});
