import { type FieldSchema, fieldsOf, type LoadTarget } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { ansiDialect } from './ansi-dialect.ts';
import { compareTarget, describeChange, type FieldColumn, takesParts } from './compare-target.ts';
import type { SqlDialect } from './dialect.ts';
import type { SqlColumn, SqlTable } from './tables.ts';

/** A database that takes names in any case for the same, widens integers, and casts text to dates. */
const dialect = ansiDialect({
  name: 'Shop DB',
  nameKey: (name) => (name === '' || name.length > 8 ? undefined : name.toLowerCase()),
  matchColumn: ({ type: has }, { type }) => {
    if (has === type || has === 'bigint') return { fits: true };
    if (has === 'integer' && type === 'bigint') return { fits: false, widen: 'bigint' };
    if (has === 'date') return { fits: true, through: 'text' };
    return { fits: false, conflict: `is ${has}, not ${type}` };
  },
  cursorObstacle: ({ kind }) => (kind === 'string' ? 'has no order' : undefined),
  takes: (format, { type }) => format !== 'pgcopy' || type === 'bigint',
});

const int: FieldSchema = { type: 'string', format: 'int64' };
const nullableInt: FieldSchema = { type: ['string', 'null'], format: 'int64' };
const text: FieldSchema = { type: 'string' };
const nothing: FieldSchema = { type: 'null' };

const column = (name: string, change: Partial<SqlColumn> = {}): SqlColumn => ({
  ...{ name, type: 'bigint', nullable: true, hasDefault: false, generated: false },
  ...change,
});

interface Case extends Partial<Omit<LoadTarget, 'fields'>> {
  fields?: Record<string, FieldSchema>;
  /** Left out: there is no table. */
  columns?: SqlColumn[];
  keys?: string[];
}

function compare({ fields = { id: int }, columns, keys = [], ...change }: Case, own: SqlDialect = dialect) {
  const target: LoadTarget = {
    ...{
      runId: 'monday',
      stream: 'orders',
      target: 'orders',
      primaryKey: [],
      disposition: 'append',
      schemaChange: 'evolve',
      readStart: '2026-01-31T08:30:00.000Z',
    },
    fields: fieldsOf({ type: 'object', properties: fields, required: Object.keys(fields) }),
    ...change,
  };
  const table: SqlTable | undefined = columns && { name: 'orders', identity: 'oid 1', columns, primaryKey: keys };
  const connection = {
    table: async () => table,
    columnTypes: async (of: LoadTarget['fields']) => of.map(({ kind }) => (kind === 'int64' ? 'bigint' : 'text')),
  };
  return compareTarget(connection, own, target);
}

/** `name type [through load type] [not null]`. */
const described = (columns: readonly FieldColumn[]) =>
  columns.map(({ name, type, loadType, nullable }) =>
    [name, type, ...(loadType === type ? [] : ['through', loadType]), ...(nullable ? [] : ['not null'])].join(' '),
  );

test('a table that is not there gets the dataset’s columns', async () => {
  const fields = { id: nullableInt, name: text, note: nullableInt };
  const { table, columns, key, cursor, changes } = await compare({ fields, primaryKey: ['id'], cursor: 'note' });
  expect(described(columns)).toEqual(['id bigint not null', 'name text not null', 'note bigint']);
  expect({ table, key: key.map(({ name }) => name), cursor: cursor?.name, changes }).toEqual({
    table: undefined,
    key: ['id'],
    cursor: 'note',
    changes: [],
  });
});

describe('a table that is there', () => {
  test.each<[string, Case, string[], string[]]>([
    ['has the field', { columns: [column('id')] }, ['id bigint'], []],
    ['has it under a name that is the same to the database', { columns: [column('ID')] }, ['ID bigint'], []],
    [
      'has two such names: the exact one is taken',
      { columns: [column('ID'), column('id', { type: 'integer' })] },
      ['id bigint'],
      ['widen column "id" from integer to bigint'],
    ],
    ['lacks the field', { columns: [] }, ['id bigint'], ['add column "id" bigint']],
    [
      'lacks a field of the key',
      { columns: [], primaryKey: ['id'] },
      ['id bigint not null'],
      ['add column "id" bigint'],
    ],
    [
      'takes it after a cast',
      { columns: [column('id', { type: 'date' })], fields: { id: text } },
      ['id date through text'],
      [],
    ],
    [
      'takes nulls in any column',
      { columns: [column('id', { type: 'geometry' })], fields: { id: nothing } },
      ['id geometry'],
      [],
    ],
    [
      'refused nulls that come now',
      { columns: [column('id', { nullable: false })], fields: { id: nullableInt } },
      ['id bigint'],
      ['drop NOT NULL of column "id"'],
    ],
    ['refuses nulls that do not come', { columns: [column('id', { nullable: false })] }, ['id bigint not null'], []],
    [
      'refuses nulls in its key, whatever the fields say',
      { columns: [column('id', { nullable: false })], keys: ['id'], fields: { id: nullableInt } },
      ['id bigint not null'],
      [],
    ],
    [
      'has a column that no field fills',
      { columns: [column('id'), column('old', { nullable: false })] },
      ['id bigint'],
      ['drop NOT NULL of column "old"'],
    ],
    ['has one that may stay empty', { columns: [column('id'), column('old')] }, ['id bigint'], []],
    [
      'has one with a default',
      { columns: [column('id'), column('old', { nullable: false, hasDefault: true })] },
      ['id bigint'],
      [],
    ],
    [
      'has one that it computes',
      { columns: [column('id'), column('sum', { nullable: false, generated: true })] },
      ['id bigint'],
      [],
    ],
  ])('%s', async (_, one, columns, changes) => {
    const compared = await compare(one);
    expect(described(compared.columns)).toEqual(columns);
    expect(compared.changes.map(describeChange)).toEqual(changes);
  });
});

test('a dialect is told which fields never held a value', async () => {
  const told: [string, boolean][] = [];
  const fields = { id: int, note: text };
  await compare(
    { fields, columns: [column('id'), column('note', { type: 'text' })], neverHeld: ['note'] },
    {
      ...dialect,
      matchColumn: ({ name }, { neverHeld }) => {
        told.push([name, neverHeld]);
        return { fits: true };
      },
    },
  );
  expect(told).toEqual([
    ['id', false],
    ['note', true],
  ]);
});

describe('without fields, because no record came', () => {
  test('nothing changes, and the cursor is the table’s', async () => {
    const compared = await compare({
      fields: {},
      columns: [column('At', { type: 'date', nullable: false })],
      cursor: 'at',
    });
    expect(compared).toMatchObject({
      columns: [],
      key: [],
      changes: [],
      cursor: { name: 'At', type: 'date', loadType: 'date' },
    });
  });
  test('a table that is not there has no cursor', async () => {
    expect(await compare({ fields: {}, cursor: 'at' })).toMatchObject({ table: undefined, cursor: undefined });
  });
});

describe('is refused', () => {
  test.each<[string, Case, RegExp]>([
    ['a name that no table can have', { target: 'customers' }, /Shop DB .*"customers"/],
    ['a name that no column can have', { fields: { description: text } }, /"description"/],
    ['a name that is the load’s own', { fields: { _aries_: text } }, /"_aries_"/],
    ['two names that are the same to the database', { fields: { id: int, ID: int } }, /"id" and "ID"/],
    ['another type', { columns: [column('id', { type: 'text' })] }, /"orders".*column "id" is text, not bigint/],
    [
      'values for a column that the table computes',
      { columns: [column('id', { generated: true })] },
      /column "id" is generated/,
    ],
    [
      'a table whose key the dataset does not have',
      { columns: [column('id'), column('shop', { nullable: false })], keys: ['shop'] },
      /column "shop" .*primary key/,
    ],
    ['a key that is no field', { primaryKey: ['shop'] }, /"shop" of the primary key/],
    [
      'a cursor without an order',
      { fields: { at: text }, cursor: 'at', disposition: 'merge' },
      /cursor "at" has no order/,
    ],
  ])('%s', async (_, one, message) => {
    await expect(compare(one)).rejects.toMatchObject({
      code: 'SCHEMA_CONFLICT',
      message: expect.stringMatching(message),
    });
  });
  test.each(['append', 'replace'] as const)(
    'but not such a cursor for %s, which compares none',
    async (disposition) => {
      expect((await compare({ fields: { at: text }, cursor: 'at', disposition })).cursor?.name).toBe('at');
    },
  );
});

test('parts are copied untouched if each of their columns takes the format', async () => {
  const whole = await compare({ fields: { id: int } });
  const mixed = await compare({ fields: { id: int, name: text } });
  expect([takesParts(dialect, whole, 'pgcopy'), takesParts(dialect, mixed, 'pgcopy')]).toEqual([true, false]);
  expect(takesParts(dialect, mixed, 'csv')).toBe(true);
});
