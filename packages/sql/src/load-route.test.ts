import type { Disposition, LoadTarget } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import type { TargetComparison } from './compare-target.ts';
import type { SqlConnection } from './connection.ts';
import { chooseRoute, copyTarget } from './load-route.ts';
import type { ColumnChange, SqlTable } from './tables.ts';

const FIELD = { name: 'a', kind: 'int64', nullable: true, schema: {} } as const;
const TABLE: SqlTable = {
  name: 'orders',
  identity: 'oid 1',
  columns: [
    { name: 'a', type: 'integer', nullable: false, hasDefault: false, generated: false },
    { name: 'old', type: 'text', nullable: false, hasDefault: false, generated: false },
  ],
  primaryKey: [],
};

interface Case {
  table?: boolean;
  changes?: ColumnChange[];
  loadType?: string;
  madeByAries?: boolean;
  obstacle?: string;
  has?: ('savepoints' | 'swap')[];
}

const WIDER: ColumnChange[] = [{ kind: 'widen', column: 'a', from: 'integer', type: 'bigint' }];

async function routeOf(disposition: Disposition, options: Case) {
  const {
    table = true,
    changes = [],
    loadType = 'bigint',
    madeByAries = true,
    obstacle,
    has = ['savepoints', 'swap'],
  } = options;
  const comparison: TargetComparison = {
    table: table ? TABLE : undefined,
    columns: [{ field: FIELD, name: 'a', type: 'bigint', loadType, nullable: true }],
    key: [],
    cursor: undefined,
    staged: [],
    marks: {},
    changes,
  };
  const connection = {
    ...(has.includes('savepoints') ? { savepoints: {} } : {}),
    ...(has.includes('swap') ? { swap: { obstacle: async () => obstacle } } : {}),
  } as unknown as Pick<SqlConnection, 'savepoints' | 'swap'>;
  const target = { target: 'orders', disposition, primaryKey: [] as readonly string[] } as LoadTarget;
  const loadTables = { next: () => 'load' } as Parameters<typeof chooseRoute>[0]['loadTables'];
  return {
    comparison,
    route: await chooseRoute({ loadTables }, connection, { target, comparison, madeByAries }),
  };
}

test.each<[Disposition, Case, route: string]>([
  ['append', {}, 'direct'],
  ['append', { has: ['swap'] }, 'stage'],
  ['append', { changes: WIDER }, 'stage'],
  ['append', { loadType: 'text' }, 'stage'],
  ['append', { table: false }, 'swap'],
  ['append', { table: false, has: ['savepoints'] }, 'stage'],
  ['replace', {}, 'swap'],
  ['replace', { changes: WIDER }, 'swap'],
  ['replace', { loadType: 'text' }, 'stage'],
  ['replace', { madeByAries: false }, 'stage'],
  ['replace', { obstacle: 'it has a view' }, 'stage'],
  ['replace', { has: ['savepoints'] }, 'stage'],
  ['replace', { table: false }, 'swap'],
  ['merge', {}, 'stage, in order'],
  ['merge', { table: false }, 'stage, in order'],
  ['replace-interval', {}, 'stage, in order'],
])('%s with %j: %s', async (disposition, options, expected) => {
  const { route } = await routeOf(disposition, options);
  expect(route.kind === 'stage' && route.ordinal ? 'stage, in order' : route.kind).toBe(expected);
});

test('a new table has the columns of the one it replaces, with the changes made', async () => {
  const { route, comparison } = await routeOf('replace', {
    changes: [...WIDER, { kind: 'drop-not-null', column: 'old' }, { kind: 'add', column: 'new', type: 'date' }],
  });
  expect(route).toMatchObject({
    replacement: {
      name: 'load',
      replaced: TABLE,
      columns: [
        { name: 'a', type: 'bigint', nullable: false },
        { name: 'old', type: 'text', nullable: true },
        { name: 'new', type: 'date', nullable: true },
      ],
    },
  });
  // NULL is refused by the table that rows go into, whatever the dataset allows.
  expect(copyTarget('orders', comparison, route)).toEqual({
    table: 'load',
    columns: [{ field: FIELD, type: 'bigint', nullable: false }],
  });
});
