import { inferred, int64, type RecordSchema, type Stream } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { cursorKindOf, type SelectedStream, selectStreams } from './select-streams.ts';
import type { StreamOptions } from './step-options.ts';

const discovered: RecordSchema = {
  type: 'object',
  properties: { id: { type: 'integer' }, at: { type: 'string', format: 'date-time' }, note: { type: 'string' } },
  required: ['id', 'at'],
};
async function* read() {}
const streams = {
  orders: { schema: z.object({ id: int64(), at: z.iso.datetime() }), primaryKey: ['id'], cursor: 'at', read },
  items: { schema: discovered, pushdown: ['columns', 'where'], read },
  events: { schema: inferred, read },
} as unknown as Record<string, Stream<unknown>>;

const select = (...wanted: (string | StreamOptions)[]): SelectedStream[] => selectStreams(streams, wanted, 'shop');
const one = (options: string | StreamOptions): SelectedStream => select(options)[0]!;

describe('the selected streams', () => {
  test('are all in the source’s order, unless some are named', () => {
    expect(selectStreams(streams, undefined, 'shop').map(({ name }) => name)).toEqual(['orders', 'items', 'events']);
    expect(select('events', 'orders').map(({ name }) => name)).toEqual(['events', 'orders']);
  });
  test('have the name that "as" gives them', () => {
    expect(one('orders').as).toBe('orders');
    expect(one({ name: 'orders', as: 'sales' })).toMatchObject({ name: 'orders', as: 'sales' });
  });
  test('have key and cursor of the source unless options say otherwise', () => {
    expect(one('orders')).toMatchObject({ primaryKey: ['id'], cursor: 'at' });
    expect(one({ name: 'orders', primaryKey: ['at'], cursor: 'id' })).toMatchObject({
      primaryKey: ['at'],
      cursor: 'id',
    });
    expect(one('items')).toMatchObject({ primaryKey: [], cursor: undefined });
  });
  test('have a schema, or none while it is inferred', () => {
    expect(Object.keys(one('orders').schema!.properties)).toEqual(['id', 'at']);
    expect(one('items').schema).toEqual(discovered);
    expect(one('events').schema).toBeNull();
  });
  test('have only the requested columns, in that order, and are then no longer checked by zod', () => {
    const { schema, zod } = one({ name: 'items', columns: ['note', 'id'] });
    expect(schema).toEqual({
      type: 'object',
      properties: { note: { type: 'string' }, id: { type: 'integer' } },
      required: ['id'],
    });
    expect(zod).toBeUndefined();
    expect(one('orders').zod).toBeDefined();
    expect(one({ name: 'orders', columns: ['id', 'at'] }).zod).toBeUndefined();
  });
});

describe('is refused', () => {
  test.each<[string, (string | StreamOptions)[], string, RegExp, RegExp?]>([
    ['a stream that the source does not have', ['ordres'], 'STREAM_UNKNOWN', /"ordres"/, /orders/],
    ['a name that every object inherits', ['constructor'], 'STREAM_UNKNOWN', /"constructor"/, /orders, items, events/],
    [
      'the same name for two streams',
      ['orders', { name: 'items', as: 'orders' }],
      'CONFIG_INVALID',
      /"orders"/,
      /"as"/,
    ],
    ['no stream at all', [], 'STREAM_UNKNOWN', /no streams/],
    ['a column that does not exist', [{ name: 'items', columns: ['id', 'nota'] }], 'CONFIG_INVALID', /"nota"/, /note/],
    [
      'a condition if the source does not support one',
      [{ name: 'orders', where: 'id > 1' }],
      'CONFIG_INVALID',
      /"where"/,
      /filter/,
    ],
    [
      'a key that is not a field',
      [{ name: 'items', primaryKey: ['idd'] }],
      'CONNECTOR_INVALID',
      /primary key "idd"/,
      /id/,
    ],
    [
      'a cursor that is not a field',
      [{ name: 'items', cursor: 'updated' }],
      'CONNECTOR_INVALID',
      /cursor "updated"/,
      /id, at, note/,
    ],
    ['a key whose column is left out', [{ name: 'orders', columns: ['at'] }], 'CONNECTOR_INVALID', /primary key "id"/],
  ])('%s', (_, wanted, code, message, hint = /^/) => {
    expect(() => select(...wanted)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message), hint: expect.stringMatching(hint) }),
    );
  });
  test('but no key or cursor while the fields are not known', () => {
    expect(one({ name: 'events', primaryKey: ['id'], cursor: 'at' })).toMatchObject({
      primaryKey: ['id'],
      cursor: 'at',
    });
  });
  test('but not a condition if the source can filter', () => {
    expect(one({ name: 'items', where: 'id > 1' }).options.where).toBe('id > 1');
  });
});

test.each([
  ['that of its field', discovered, 'at', 'date-time'],
  ['any, without a cursor', discovered, undefined, 'any'],
  ['any, while the schema is inferred', null, 'at', 'any'],
] as const)('the kind of a cursor is %s', (_, schema, cursor, kind) => {
  expect(cursorKindOf(schema, cursor)).toBe(kind);
});
