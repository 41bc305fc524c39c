import { isAriesError } from '@aries-data/sdk';
import { runTransform } from '@aries-data/testing';
import { expect, test } from 'vitest';
import { transform } from './transform.ts';

const config = { fields: ['email'], key: 'a key of sixteen characters' };

test('equal values get equal pseudonyms, null stays null, other fields are unchanged', async () => {
  const records = [
    { id: 1, email: 'ada@example.org' },
    { id: 2, email: null },
    { id: 3, email: 'ada@example.org' },
    { id: 4, email: 'alan@example.org' },
  ];
  const { records: out } = await runTransform(transform, { config, records });
  const [ada, none, again, alan] = out.map(({ email }) => email);
  expect(ada).toMatch(/^[0-9a-f]{32}$/);
  expect([none, again]).toEqual([null, ada]);
  expect(alan).not.toBe(ada);
  expect(out.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
});

test('another key gives other pseudonyms', async () => {
  const records = [{ email: 'ada@example.org' }];
  const one = await runTransform(transform, { config, records });
  const other = await runTransform(transform, { config: { ...config, key: 'another key of sixteen' }, records });
  expect(other.records).not.toEqual(one.records);
});

test('the cursor is not replaced', async () => {
  const records = [{ id: 1, email: 'a' }];
  const error = await runTransform(transform, { config, records, cursor: 'email' }).catch((thrown: unknown) => thrown);
  expect(isAriesError(error) && error.message).toContain('a pseudonym has no order');
});

test('an unknown field is reported', async () => {
  const wrong = { ...config, fields: ['e-mail'] };
  const error = await runTransform(transform, { config: wrong, records: [{ id: 1, email: 'a' }] }).catch(
    (thrown: unknown) => thrown,
  );
  expect(isAriesError(error) && [error.code, error.message, error.hint]).toEqual([
    'CONFIG_INVALID',
    expect.stringContaining('"e-mail"'),
    expect.stringContaining('email'),
  ]);
});
