import {
  type FieldSchema,
  type FieldTypes,
  fieldsOf,
  type LoadSession,
  type LoadTarget,
  type TargetState,
} from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { type FitSchemaOptions, fitSchema, refuseSchema, schemaPolicy } from './fit-schema.ts';

const types = {
  integer: { type: 'integer' },
  string: { type: 'string' },
  number: { type: 'number' },
} as const satisfies Record<string, FieldSchema>;
type Fields = Record<string, keyof typeof types>;

interface Fit extends Partial<FitSchemaOptions> {
  fields?: Fields;
  /** Columns of the target; `files`: it has none of its own; left out: there is no target yet. */
  columns?: string[] | 'files';
  /** What the database says would have to change. */
  changes?: string[];
  keys?: Partial<Pick<LoadTarget, 'primaryKey' | 'cursor'>>;
}

/** A session whose target is as it is told, and what it was asked about. */
function sessionOf(columns: Fit['columns'], changes: string[]) {
  const asked: LoadTarget[] = [];
  const inspect = async (target: LoadTarget): Promise<TargetState> => {
    asked.push(target);
    if (columns === undefined) return { exists: false, changes: [] };
    if (columns === 'files') return { exists: true, changes: [] };
    const missing = target.fields
      .filter(({ name }) => !columns.includes(name))
      .map(({ name }) => `add column "${name}"`);
    return { exists: true, changes: [...missing, ...changes], has: (field) => columns.includes(field) };
  };
  return { session: { inspect } as LoadSession, asked };
}

async function fit({ fields = { id: 'integer', name: 'string' }, columns, changes = [], keys, ...options }: Fit) {
  const { session, asked } = sessionOf(columns, changes);
  const properties = Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, types[type]]));
  const wanted = {
    ...{ runId: 'monday', stream: 'orders', target: 'orders', primaryKey: [], disposition: 'append' as const, ...keys },
    fields: fieldsOf({ type: 'object', properties }),
  };
  const fitted = await fitSchema(session, wanted, {
    policy: 'evolve',
    known: undefined,
    inferred: false,
    unknown: false,
    ...options,
  });
  return { ...fitted, asked };
}

const known: FieldTypes = [
  ['id', 'integer'],
  ['name', 'string'],
];

describe('which policy holds', () => {
  test.each<[string, Parameters<typeof schemaPolicy>[1], Parameters<typeof schemaPolicy>[2], string]>([
    ['evolve where nobody says anything', {}, {}, 'evolve'],
    ['the dataset’s', { schemaChange: 'freeze' }, {}, 'freeze'],
    ['that of the load before it', { schemaChange: 'freeze' }, { schemaChange: 'discard' }, 'discard'],
    [
      'that of the load for this stream first',
      { schemaChange: 'freeze' },
      { schemaChange: 'discard', schemaChanges: { orders: 'evolve' } },
      'evolve',
    ],
    ['not that for another stream', {}, { schemaChanges: { items: 'freeze' } }, 'evolve'],
  ])('%s', (_, stream, options, policy) => {
    expect(schemaPolicy('orders', stream, options)).toBe(policy);
  });
  test('a stream may be called constructor', () => {
    expect(schemaPolicy('constructor', {}, { schemaChanges: {} })).toBe('evolve');
  });
});

describe('evolve', () => {
  test('makes a target with all fields', async () => {
    const { target, found, refusals, leftOut } = await fit({});
    expect(target.fields.map(({ name }) => name)).toEqual(['id', 'name']);
    expect({ exists: found.exists, schemaChange: target.schemaChange, refusals, leftOut }).toEqual({
      exists: false,
      schemaChange: 'evolve',
      refusals: [],
      leftOut: [],
    });
  });
  test('takes whatever changes, and tells it', async () => {
    const { drift, found, refusals } = await fit({
      fields: { id: 'string', email: 'string' },
      columns: ['id', 'name'],
      known,
    });
    expect(drift).toEqual({
      appeared: [{ field: 'email', type: 'string' }],
      vanished: [{ field: 'name', type: 'string' }],
      changed: [{ field: 'id', from: 'integer', to: 'string' }],
    });
    expect({ changes: found.changes, refusals }).toEqual({ changes: ['add column "email"'], refusals: [] });
  });
});

describe('freeze', () => {
  test.each<[string, Fit, string[]]>([
    ['takes the same fields', { columns: ['id', 'name'], known }, []],
    ['makes a target that is not there', {}, []],
    [
      'refuses a column that would be added',
      { columns: ['id'] },
      ['the target would have to change: add column "name"'],
    ],
    [
      'refuses a type that would be changed',
      { columns: ['id', 'name'], changes: ['widen'], known },
      ['the target would have to change: widen'],
    ],
    [
      'refuses a field that vanished',
      { fields: { id: 'integer' }, columns: ['id', 'name'], known },
      ['fields that were loaded before are gone: "name" (string)'],
    ],
    ['misses no field whose column is gone as well', { fields: { id: 'integer' }, columns: ['id'], known }, []],
    [
      'refuses a field that is new in files',
      { columns: 'files', known: known.slice(0, 1) },
      ['new fields: "name" (string)'],
    ],
    [
      'refuses another type in files',
      { fields: { id: 'string', name: 'string' }, columns: 'files', known },
      ['"id" was integer and is now string'],
    ],
    ['knows nothing of files before the first load', { columns: 'files' }, []],
  ])('%s', async (_, one, refusals) => {
    const fitted = await fit({ ...one, policy: 'freeze' });
    expect(fitted.refusals).toEqual(refusals);
    expect(fitted.target.schemaChange).toBe('freeze');
  });
});

describe('discard', () => {
  const left = async (one: Fit) => {
    const { leftOut, target, refusals, asked } = await fit({ ...one, policy: 'discard' });
    return {
      left: leftOut.map(({ name }) => name),
      loaded: target.fields.map(({ name }) => name),
      refusals,
      asked: asked.length,
    };
  };
  test('leaves out what the table lacks, and then looks at the table again', async () => {
    expect(await left({ columns: ['id'] })).toEqual({ left: ['name'], loaded: ['id'], refusals: [], asked: 2 });
  });
  test('leaves out what is new in files', async () => {
    expect(await left({ columns: 'files', known: known.slice(0, 1) })).toMatchObject({
      left: ['name'],
      loaded: ['id'],
      refusals: [],
    });
  });
  test('leaves out nothing where there is no target', async () => {
    expect(await left({})).toEqual({ left: [], loaded: ['id', 'name'], refusals: [], asked: 1 });
  });
  test('takes a field that vanished, and refuses another type', async () => {
    expect(await left({ fields: { id: 'integer' }, columns: ['id', 'name'], known })).toMatchObject({ refusals: [] });
    expect(await left({ columns: ['id', 'name'], changes: ['widen'] })).toMatchObject({
      refusals: ['the target would have to change: widen'],
    });
  });
  test.each<[string, NonNullable<Fit['keys']>, RegExp]>([
    ['a part of the key', { primaryKey: ['name'] }, /"name" of the primary key/],
    ['the cursor', { cursor: 'name' }, /cursor "name"/],
  ])('cannot leave out %s', async (_, keys, message) => {
    const { refusals, asked } = await left({ columns: ['id'], keys });
    expect(refusals).toEqual([expect.stringMatching(message)]);
    expect(asked).toBe(1);
  });
});

describe('what the ledger is told', () => {
  test.each<[string, Fit, FieldTypes]>([
    ['the types that were loaded', {}, known],
    ['declared types as they are now', { fields: { id: 'number' }, known }, [['id', 'number']]],
    [
      'inferred types with what was before',
      { fields: { id: 'integer' }, known: [['id', 'number']], inferred: true },
      [['id', 'number']],
    ],
    ['what was before, where no record came', { fields: {}, known, unknown: true }, known],
    ['nothing of what was left out', { columns: ['id'], policy: 'discard' }, [['id', 'integer']]],
  ])('%s', async (_, one, expected) => {
    expect((await fit(one)).fieldTypes).toEqual(expected);
  });
});

test('no drift where no record came', async () => {
  const { drift, refusals } = await fit({
    fields: {},
    known,
    unknown: true,
    columns: ['id', 'name'],
    policy: 'freeze',
  });
  expect({ drift, refusals }).toEqual({ drift: { appeared: [], vanished: [], changed: [] }, refusals: [] });
});

test('fields that never held a value may take a type', async () => {
  const { target, drift } = await fit({
    known: [
      ['id', 'integer'],
      ['name', 'null'],
    ],
    columns: ['id', 'name'],
  });
  expect(target.neverHeld).toEqual(['name']);
  expect(drift.changed).toEqual([]);
});

test('refusals are one error that names the stream', () => {
  expect(() => refuseSchema('orders', [])).not.toThrow();
  expect(() => refuseSchema('orders', ['this', 'that'])).toThrow(
    expect.objectContaining({ code: 'SCHEMA_FROZEN', message: 'orders: this; that', stream: 'orders' }),
  );
});
