import { cursorOrder } from '@aries-data/formats/internal';
import type { CursorState, Disposition, RecordSchema } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import type { JournalEntry } from '../dataset/journal.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import { isExact, stateAfter } from './state-after.ts';
import type { StreamExtract } from './stream-extract.ts';
import type { StreamWindow } from './stream-window.ts';

const schema: RecordSchema = { type: 'object', properties: { at: { type: 'string', format: 'date-time' } } };
const readStart = '2026-03-10T12:00:00.000Z';
const longAgo = '2026-01-01T00:00:00Z';
const justNow = '2026-03-10T11:59:00Z';

const at = (cursor: string, ...ids: string[]): CursorState => ({ cursor, keys: ids.map((id) => [id]) });
const crowded = (cursor: string): CursorState => ({ ...at(cursor), others: 'unknown' });
const whole = (cursor: string): CursorState => ({ ...at(cursor), others: 'loaded' });

interface Read {
  cursor?: string | null;
  mode?: StreamWindow['mode'];
  limit?: number;
  exact?: boolean;
  before?: CursorState | null;
  reached?: CursorState | null;
  beyond?: JournalEntry['beyond'];
}

function after({
  cursor = 'at',
  mode = 'incremental',
  limit,
  exact = false,
  before = null,
  reached = null,
  beyond = null,
}: Read) {
  const options = {
    selected: { cursor: cursor ?? undefined, stream: {} },
    window: { mode, window: {}, stateBefore: before, order: cursorOrder('date-time') },
    exact,
    limit,
  } as StreamExtract;
  return stateAfter({ reached, beyond, readStart } as JournalEntry, options, schema);
}

describe('no state', () => {
  const reached = at(longAgo);
  test.each<[string, Read]>([
    ['without a cursor', { cursor: null, reached }],
    ['of an interval', { mode: 'interval', reached }],
    ['with a limit', { limit: 10, reached }],
    ['without records or an earlier state', {}],
  ])('%s', (_, read) => {
    expect(after(read)).toEqual({ stateAfter: null });
  });
});

describe('the state', () => {
  test.each<[string, Read, CursorState]>([
    ['is what a first read reached', { reached: at(longAgo, 'a') }, at(longAgo, 'a')],
    ['is what a full read reached', { mode: 'full', reached: at(longAgo, 'a') }, at(longAgo, 'a')],
    ['stays if there are no records', { before: at(longAgo, 'a') }, at(longAgo, 'a')],
    ['moves to what was reached', { before: at(longAgo, 'a'), reached: at(justNow, 'b') }, at(justNow, 'b')],
    [
      'does not move back to records that a lag reads again',
      { before: at(justNow, 'b'), reached: at(longAgo, 'a') },
      at(justNow, 'b'),
    ],
    [
      'joins the keys at the same value',
      { before: at(longAgo, 'a'), reached: at(longAgo, 'b') },
      at(longAgo, 'a', 'b'),
    ],
    [
      'joins keys without repeats, even if the value is written differently',
      { before: at(longAgo, 'a'), reached: at('2026-01-01T01:00:00+01:00', 'a') },
      at('2026-01-01T01:00:00+01:00', 'a'),
    ],
    [
      'may list fewer records than there are if a merge reads them again',
      { reached: crowded(justNow) },
      crowded(justNow),
    ],
    ['has all of them once one read had all', { before: whole(longAgo), reached: at(longAgo, 'b') }, whole(longAgo)],
  ])('%s', (_, read, expected) => {
    expect(after(read)).toEqual({ stateAfter: expected });
  });
});

describe('more records than a state lists, for an append', () => {
  test('are left to a later read while more of them may come', () => {
    expect(after({ exact: true, reached: crowded(justNow) })).toEqual({ below: justNow });
  });
  test('are all extracted if no more can come', () => {
    expect(after({ exact: true, reached: crowded(longAgo) })).toEqual({ stateAfter: whole(longAgo) });
  });
});

describe('records beyond the start of reading', () => {
  const beyond = { count: 2, greatest: '2027-01-01T00:00:00Z', staged: false, reached: null };
  const { reached: _, ...told } = beyond;
  test('that were left out do not move the state', () => {
    expect(after({ reached: at(longAgo, 'a'), beyond })).toEqual({ stateAfter: at(longAgo, 'a'), beyond: told });
  });
  test('that are in the dataset are read again: the state says that it does not list them', () => {
    const staged = { ...beyond, staged: true, reached: at(readStart, 'z') };
    expect(after({ reached: at(longAgo, 'a'), beyond: staged })).toEqual({
      stateAfter: { ...at(longAgo, 'a'), others: 'unknown' },
      reached: at(readStart, 'z'),
      beyond: { ...told, staged: true },
    });
    expect(after({ beyond: staged })).toMatchObject({ stateAfter: null, reached: at(readStart, 'z') });
  });
});

describe('no record may be read twice', () => {
  type Ahead = Parameters<typeof isExact>[2]['loadAhead'];
  const ahead = (disposition?: Disposition): Ahead => ({ disposition, dispositions: ['append', 'replace', 'merge'] });
  const keyed = { primaryKey: ['id'] };
  test.each<
    [string, { primaryKey?: string[]; cursor?: string | null; mode?: 'full'; said?: Disposition }, Ahead, boolean]
  >([
    ['if the load appends', keyed, ahead('append'), true],
    ['if the stream says append', { ...keyed, said: 'append' }, ahead('merge'), true],
    ['without a key, if the load is not known', {}, undefined, true],
    ['without a key to merge by', {}, ahead(), true],
    ['but not if a key allows a merge', keyed, ahead(), false],
    ['but not if a key would allow a merge', keyed, undefined, false],
    ['but not if the load replaces', {}, ahead('replace'), false],
    ['but not without a cursor', { cursor: null }, ahead('append'), false],
    ['but not if the stream is always read in full', { mode: 'full' }, ahead('append'), false],
  ])('%s', (_, { primaryKey = [], cursor = 'at', mode, said }, loadAhead, expected) => {
    const selected = { options: { name: 'orders', mode, disposition: said }, primaryKey, cursor: cursor ?? undefined };
    const window = { mode: 'incremental' } as StreamWindow;
    expect(isExact(selected as unknown as SelectedStream, window, { loadAhead })).toBe(expected);
  });
  test('but not with a limit or an interval', () => {
    const selected = {
      options: { name: 'orders' },
      primaryKey: [] as string[],
      cursor: 'at',
    } as unknown as SelectedStream;
    expect(isExact(selected, { mode: 'incremental' } as StreamWindow, { limit: 10 })).toBe(false);
    expect(isExact(selected, { mode: 'interval' } as StreamWindow, {})).toBe(false);
  });
});
