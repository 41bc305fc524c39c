import { parseExact } from '@aries-data/formats';
import type { Json } from '@aries-data/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fill, fillPath } from './template.ts';

const config = { token: 'abc', types: ['a', 'b'], limit: 20, nested: { name: 'x' } };

test('a reference alone becomes the value, one within a string its text', () => {
  const value = {
    auth: 'Bearer {config.token}',
    limit: '{config.limit}',
    all: '{config.types}',
    of: '{config.nested.name}',
  };
  expect(fill(value, { config })).toEqual({ auth: 'Bearer abc', limit: 20, all: ['a', 'b'], of: 'x' });
  expect(fill(['{config.types|joined}', 'z,{config.types}'], { config })).toEqual(['a,b', 'z,a,b']);
});

test('a reference to nothing removes its list item, or else its object member', () => {
  const query = { since: '{since}', until: '{until}', limit: 5, day: 'before {until}' };
  expect(fill(query, { window: { since: '2024' } })).toEqual({ since: '2024', limit: 5 });
  const filters = [
    { name: 'a', value: '{since}' },
    { name: 'b', value: { deep: '{until}' } },
  ];
  expect(fill({ groups: [{ filters }] }, { window: { since: '2024' } })).toEqual({
    groups: [{ filters: [{ name: 'a', value: '2024' }] }],
  });
});

test('references of other kinds stay, to be filled in later', () => {
  expect(fill('{parent.id} {since} {config.token}', { config })).toBe('{parent.id} {since} abc');
  expect(fill({ query: '{ users { id } } {since}' }, { window: { since: '1' } })).toEqual({
    query: '{ users { id } } 1',
  });
});

test('values in a path are encoded, and numbers keep their digits', () => {
  const parent = parseExact('{"id":9007199254740993,"name":"a/b ?"}') as Record<string, Json>;
  expect(fillPath('/lists/{parent.id}/{parent.name}', { parent })).toBe('/lists/9007199254740993/a%2Fb%20%3F');
  expect(fillPath('/since/{since}', { window: {} })).toBeUndefined();
  for (const id of ['.', '..', ''])
    expect(() => fillPath('/lists/{parent.id}/all', { parent: { id } })).toThrow(
      expect.objectContaining({ code: 'DATA_INVALID' }),
    );
});

test('a parent without the field is an error, because the list would be that of all parents', () => {
  expect(() => fill({ channel: '{parent.id}' }, { parent: { name: 'x' } })).toThrow(
    '{parent.id}: a parent record does not have this field',
  );
});

test('values are not searched for references, and anything without references stays', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = value as Json;
      expect(fill({ value: '{config.value}' }, { config: { value: json } })).toEqual(
        json === null ? {} : { value: json },
      );
      const plain = JSON.parse(JSON.stringify(json).replaceAll(/[{]\w+[.|}]/g, '')) as Json;
      expect(fill(plain, { config: {}, parent: {}, window: {} })).toEqual(plain);
    }),
  );
});
