import type { CursorState, FieldSchema } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import type { SelectedStream } from '../step/select-streams.ts';
import type { StreamOptions } from '../step/step-options.ts';
import { type StreamWindow, streamWindow } from './stream-window.ts';

const types = {
  int64: { type: 'string', format: 'int64' },
  number: { type: 'number' },
  date: { type: 'string', format: 'date' },
  'date-time': { type: 'string', format: 'date-time' },
  'date-time without zone': { type: 'string', format: 'date-time', zone: 'none' },
  string: { type: 'string' },
} as const satisfies Record<string, FieldSchema>;
type Type = keyof typeof types;

/** Makes a stream with a cursor of this type: `unknown` while its schema is inferred, `null` for no cursor. */
function stream(type: Type | 'unknown' | null, options: Partial<StreamOptions> = {}): SelectedStream {
  const one: Partial<SelectedStream> = {
    as: 'orders',
    options: { name: 'orders', ...options },
    stream: {} as SelectedStream['stream'],
    schema: type === 'unknown' ? null : { type: 'object', properties: type === null ? {} : { at: types[type] } },
    cursor: type === null ? undefined : 'at',
  };
  return one as SelectedStream;
}

/** Makes a stream without a cursor that finds the records of an interval by itself. */
function byPeriod(options: Partial<StreamOptions> = {}): SelectedStream {
  return { ...stream(null, options), stream: { byInterval: true } as SelectedStream['stream'] };
}

const january = { start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' };
const at = (cursor: string, keys: CursorState['keys'] = []): CursorState => ({ cursor, keys });
const march = at('2026-03-01T00:00:00Z', [['a']]);

type Asked = Partial<Parameters<typeof streamWindow>[2]>;
const read = (one: SelectedStream, asked: Asked = {}): StreamWindow =>
  streamWindow(one, 'shop', { state: null, ...asked });

describe('a stream is read', () => {
  const inFull: Partial<StreamWindow> = { mode: 'full', window: {}, stateBefore: null };
  const byInterval: Partial<StreamWindow> = {
    mode: 'interval',
    window: { since: january.start, until: january.end },
    stateBefore: null,
  };
  test.each<[string, SelectedStream, Asked, Partial<StreamWindow>]>([
    ['in full without a cursor', stream(null), { state: march }, inFull],
    ['in full without a cursor, even with an interval', stream(null), { interval: january }, inFull],
    ['by interval without a cursor, if it can be', byPeriod(), { interval: january }, byInterval],
    ['in full all the same, if its options say so', byPeriod({ mode: 'full' }), { interval: january }, inFull],
    ['in full if no interval is given', byPeriod(), {}, inFull],
    [
      'in full if its options say so, whatever else is requested',
      stream('date-time', { mode: 'full' }),
      { state: march, interval: january },
      inFull,
    ],
    ['in full again, on request', stream('date-time'), { state: march, fullRefresh: true }, inFull],
    [
      'from the start if there is no state',
      stream('date-time'),
      {},
      { mode: 'incremental', window: {}, stateBefore: null },
    ],
    [
      'from its state, except the records already loaded there',
      stream('date-time'),
      { state: march },
      { mode: 'incremental', window: { since: march.cursor, seen: [['a']] }, stateBefore: march },
    ],
    [
      'after its state, if all records there were loaded',
      stream('int64'),
      { state: { ...at('7'), others: 'loaded' } },
      { mode: 'incremental', window: { since: '7', seen: 'all' } },
    ],
    [
      'from a state that does not list all of its records',
      stream('int64'),
      { state: { ...at('7'), others: 'unknown' } },
      { window: { since: '7', seen: [] } },
    ],
    ['by interval, whatever its state', stream('date-time'), { state: march, interval: january }, byInterval],
    [
      'by interval, even with a full refresh',
      stream('date-time'),
      { interval: january, fullRefresh: true },
      byInterval,
    ],
    ['by interval with a date cursor', stream('date'), { interval: january }, byInterval],
    ['by interval with a text cursor', stream('string'), { interval: january }, byInterval],
    ['by interval while its schema is inferred', stream('unknown'), { interval: january }, byInterval],
  ])('%s', (_, one, asked, expected) => {
    expect(read(one, asked)).toMatchObject(expected);
  });
});

describe('a lag moves the start back and lists no keys as loaded', () => {
  test.each<[Type, string, string, string]>([
    ['int64', '9007199254740993', '5', '9007199254740988'],
    ['date', '2026-03-01', '1d', '2026-02-28'],
    ['date', '2026-03-01', '36h', '2026-02-27'],
    ['date-time', '2026-03-01T00:00:00Z', '90s', '2026-02-28T23:58:30.000Z'],
    ['date-time', '2026-03-01T00:00:00+02:00', '15m', '2026-02-28T21:45:00.000Z'],
    ['date-time without zone', '2026-03-01T00:00:00', '2h', '2026-02-28T22:00:00.000'],
    ['date-time', '2026-03-01T00:00:00Z', '30', '2026-02-28T23:59:30.000Z'],
  ])('%s: %s less %s', (type, cursor, lag, since) => {
    expect(read(stream(type, { lag }), { state: at(cursor, [['a']]) }).window).toEqual({ since });
  });
  test('but not the state that the dataset begins at', () => {
    expect(read(stream('date-time', { lag: '1d' }), { state: march }).stateBefore).toEqual(march);
  });
});

describe('is refused', () => {
  test.each<[string, SelectedStream, Asked, string, RegExp]>([
    [
      'incremental without a cursor',
      stream(null, { mode: 'incremental' }),
      {},
      'CONFIG_INVALID',
      /"orders" has no cursor/,
    ],
    ['a time interval with an integer cursor', stream('int64'), { interval: january }, 'CONFIG_INVALID', /type int64/],
    ['a time interval with a number cursor', stream('number'), { interval: january }, 'CONFIG_INVALID', /type number/],
    ['an invalid lag', stream('date-time', { lag: 'a while' }), { state: march }, 'CONFIG_INVALID', /"a while"/],
    ['a state of another type', stream('int64'), { state: march }, 'DATASET_CORRUPT', /"orders".*2026-03-01/],
    ['a state that is not a date', stream('date'), { state: at("1' OR '1'='1") }, 'DATASET_CORRUPT', /OR/],
  ])('%s', (_, one, asked, code, message) => {
    expect(() => read(one, asked)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

test('cursors are ordered by their type, or by their form while it is inferred', () => {
  expect(read(stream('int64')).order('9', '10')).toBeLessThan(0);
  expect(read(stream('string')).order('9', '10')).toBeGreaterThan(0);
  expect(read(stream('unknown')).order('2026-01-01T00:00:00+02:00', '2026-01-01T00:00:00Z')).toBeLessThan(0);
});
