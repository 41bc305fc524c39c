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
  /** Columns of the target; `files` if it has no columns. Default: there is no target yet. */
  columns?: string[] | 'files';
  /** Changes that the database reports. */
  changes?: string[];
  keys?: Partial<Pick<LoadTarget, 'primaryKey' | 'cursor'>>;
}

/** Makes a session with such a target, and collects the targets it is asked about. */
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
    ...{
      runId: 'monday',
      readStart: '2026-01-31T08:30:00.000Z',
      stream: 'orders',
      target: 'orders',
      primaryKey: [],
      disposition: 'append' as const,
      ...keys,
    },
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

describe('the policy is', () => {
  test.each<[string, Parameters<typeof schemaPolicy>[1], Parameters<typeof schemaPolicy>[2], string]>([
    ['evolve by default', {}, {}, 'evolve'],
    ['that of the dataset', { schemaChange: 'freeze' }, {}, 'freeze'],
    ['that of the load, before the dataset’s', { schemaChange: 'freeze' }, { schemaChange: 'discard' }, 'discard'],
    [
      'that of the load for this stream, before all others',
      { schemaChange: 'freeze' },
      { schemaChange: 'discard', schemaChanges: { orders: 'evolve' } },
      'evolve',
    ],
    ['not that of the load for another stream', {}, { schemaChanges: { items: 'freeze' } }, 'evolve'],
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
  test('accepts all changes and reports them', async () => {
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
    ['accepts the same fields', { columns: ['id', 'name'], known }, []],
    ['creates a missing target', {}, []],
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
      'refuses a missing field',
      { fields: { id: 'integer' }, columns: ['id', 'name'], known },
      ['fields that were loaded before are gone: "name" (string)'],
    ],
    ['does not miss a field whose column was dropped too', { fields: { id: 'integer' }, columns: ['id'], known }, []],
    ['refuses a new field in files', { columns: 'files', known: known.slice(0, 1) }, ['new fields: "name" (string)']],
    [
      'refuses another type in files',
      { fields: { id: 'string', name: 'string' }, columns: 'files', known },
      ['"id" was integer and is now string'],
    ],
    ['accepts any field in files at the first load', { columns: 'files' }, []],
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
  test('leaves out fields that the table lacks, then inspects it again', async () => {
    expect(await left({ columns: ['id'] })).toEqual({ left: ['name'], loaded: ['id'], refusals: [], asked: 2 });
  });
  test('leaves out fields that are new in files', async () => {
    expect(await left({ columns: 'files', known: known.slice(0, 1) })).toMatchObject({
      left: ['name'],
      loaded: ['id'],
      refusals: [],
    });
  });
  test('leaves out nothing if there is no target', async () => {
    expect(await left({})).toEqual({ left: [], loaded: ['id', 'name'], refusals: [], asked: 1 });
  });
  test('accepts a missing field, and refuses another type', async () => {
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

describe('the ledger gets', () => {
  test.each<[string, Fit, FieldTypes]>([
    ['the types that were loaded', {}, known],
    ['declared types of this dataset', { fields: { id: 'number' }, known }, [['id', 'number']]],
    [
      'inferred types, widened by the earlier ones',
      { fields: { id: 'integer' }, known: [['id', 'number']], inferred: true },
      [['id', 'number']],
    ],
    ['the earlier types if there is no record', { fields: {}, known, unknown: true }, known],
    ['no fields that were left out', { columns: ['id'], policy: 'discard' }, [['id', 'integer']]],
  ])('%s', async (_, one, expected) => {
    expect((await fit(one)).fieldTypes).toEqual(expected);
  });
});

test('there is no drift without records', async () => {
  const { drift, refusals } = await fit({
    fields: {},
    known,
    unknown: true,
    columns: ['id', 'name'],
    policy: 'freeze',
  });
  expect({ drift, refusals }).toEqual({ drift: { appeared: [], vanished: [], changed: [] }, refusals: [] });
});

test('a field that never held a value may get a type', async () => {
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

test('all refusals are in one error that names the stream', () => {
  expect(() => refuseSchema('orders', [])).not.toThrow();
  expect(() => refuseSchema('orders', ['this', 'that'])).toThrow(
    expect.objectContaining({ code: 'SCHEMA_FROZEN', message: 'orders: this; that', stream: 'orders' }),
  );
});
