import type { Disposition } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { chooseDisposition, expectedDisposition, replaces } from './disposition.ts';

type Stream = Parameters<typeof chooseDisposition>[1];

const ALL: Disposition[] = ['append', 'replace', 'replace-interval', 'merge'];
const january = { start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' };
const before = { cursor: '10', keys: [] };

const stream = (change: Partial<Stream> = {}): Stream => ({
  mode: 'full',
  stateBefore: null,
  primaryKey: [],
  ...change,
});
const incremental = stream({ mode: 'incremental', stateBefore: before, cursor: 'at' });
const interval = stream({ mode: 'interval', cursor: 'at' });
const keyed = { primaryKey: ['id'] };

interface Asked {
  disposition?: Disposition;
  dispositions?: Record<string, Disposition>;
  can?: Disposition[];
}

function choose(one: Stream, { can = ALL, ...options }: Asked = {}): Disposition {
  const destination = { name: 'shop', definition: { dispositions: can } };
  return chooseDisposition('orders', one, one.mode === 'interval' ? january : null, destination, options);
}

describe('the default follows from how the stream was read', () => {
  test.each<[string, Stream, Disposition[], Disposition]>([
    ['full', stream(), ALL, 'replace'],
    ['interval', interval, ALL, 'replace-interval'],
    ['interval without a cursor', stream({ mode: 'interval' }), ALL, 'append'],
    ['interval without a cursor, with a key', stream({ mode: 'interval', ...keyed }), ALL, 'merge'],
    ['incremental with a key', { ...incremental, ...keyed }, ALL, 'merge'],
    ['incremental without a key', incremental, ALL, 'append'],
    ['full, into a target that only appends', stream(), ['append'], 'append'],
    ['interval, into a target that only appends', interval, ['append'], 'append'],
    ['incremental with a key, into a target that cannot merge', { ...incremental, ...keyed }, ['append'], 'append'],
  ])('%s', (_, one, can, expected) => {
    expect(choose(one, { can })).toBe(expected);
  });
});

describe('the requested disposition', () => {
  const said = stream({ disposition: 'merge', ...keyed });
  test.each<[string, Stream, Asked, Disposition]>([
    ['for all streams', stream(), { disposition: 'append' }, 'append'],
    ['of the stream’s options comes before that', said, { disposition: 'append' }, 'merge'],
    [
      'of the load for this stream comes first',
      said,
      { disposition: 'append', dispositions: { orders: 'replace' } },
      'replace',
    ],
    ['of the load for another stream is ignored', stream(), { dispositions: { items: 'append' } }, 'replace'],
  ])('%s', (_, one, asked, expected) => {
    expect(choose(one, asked)).toBe(expected);
  });
});

describe('is refused', () => {
  const perRange = { consistency: 'per-range' as const };
  test.each<[string, Stream, Asked, RegExp]>([
    [
      'a disposition that the destination does not support',
      stream(),
      { disposition: 'merge', can: ['append'] },
      /orders: merge .*shop/,
    ],
    ['merge without a key', stream(), { disposition: 'merge' }, /primary key/],
    ['replace-interval of a full read', stream({ cursor: 'at' }), { disposition: 'replace-interval' }, /by interval/],
    ['replace with only the records since the last run', incremental, { disposition: 'replace' }, /since the last run/],
    ['replace with one interval', interval, { disposition: 'replace' }, /only the interval/],
    ['append of records that a lag reads again', { ...incremental, lag: '1h' }, { disposition: 'append' }, /"lag"/],
    ['append of ranges read at different times', stream({ ...perRange, ...keyed }), { disposition: 'append' }, /range/],
    ['replace with such ranges without a key', stream(perRange), {}, /range/],
  ])('%s', (_, one, asked, message) => {
    expect(() => choose(one, asked)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });
});

describe('is allowed', () => {
  test.each<[string, Stream, Asked, Disposition]>([
    [
      'replace with a first incremental read, which has everything',
      { ...incremental, stateBefore: null },
      { disposition: 'replace' },
      'replace',
    ],
    [
      'replace with an interval if the destination cannot replace intervals',
      interval,
      { disposition: 'replace', can: ['replace'] },
      'replace',
    ],
    ['merge with a lag', { ...incremental, ...keyed, lag: '1h' }, {}, 'merge'],
    ['replace with ranges of a stream with a key', stream({ consistency: 'per-range', ...keyed }), {}, 'replace'],
  ])('%s', (_, one, asked, expected) => {
    expect(choose(one, asked)).toBe(expected);
  });
});

test('before the load, the expected disposition comes from the stream and the pipeline', () => {
  const one = stream({ ...incremental, ...keyed });
  expect(expectedDisposition(one, undefined)).toBeUndefined();
  expect(expectedDisposition(one, { disposition: undefined, dispositions: ALL })).toBe('merge');
  expect(expectedDisposition(one, { disposition: 'append', dispositions: ALL })).toBe('append');
  expect(expectedDisposition({ ...one, disposition: 'replace' }, { disposition: 'append', dispositions: ALL })).toBe(
    'replace',
  );
});

test('replace and replace-interval delete loaded rows', () => {
  expect(ALL.filter(replaces)).toEqual(['replace', 'replace-interval']);
  expect(replaces(undefined)).toBe(false);
});
