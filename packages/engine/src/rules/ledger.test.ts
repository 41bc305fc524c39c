import type { LedgerRow } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { streamInput } from '../dataset/stream-input.ts';
import type { Candidate } from './candidate.ts';
import { decide, ledgerState, readLater, stateAfterLoad } from './ledger.ts';

const row = (change: Partial<LedgerRow> = {}): LedgerRow => ({
  pipeline: 'p',
  stream: 's',
  target: 's',
  identity: 'oid 1',
  runId: 'monday',
  digest: 'sha256-monday',
  disposition: 'merge',
  interval: null,
  stateBefore: null,
  stateAfter: { cursor: '10', keys: [['a']] },
  readStart: '2024-01-01T00:00:00.000Z',
  rows: 1,
  loadedAt: '2024-01-01T00:01:00.000Z',
  ...change,
});

const candidate = (change: Partial<Candidate> = {}): Candidate => ({
  stream: 's',
  target: 's',
  runId: 'tuesday',
  digest: 'sha256-tuesday',
  mode: 'incremental',
  disposition: 'merge',
  interval: null,
  stateBefore: { cursor: '10', keys: [['a']] },
  stateAfter: { cursor: '20', keys: [['b']] },
  readStart: '2024-01-02T00:00:00.000Z',
  cursorKind: 'integer',
  identity: 'oid 1',
  ledger: [row()],
  ...change,
});

describe('the same dataset again', () => {
  test('is a no-op', () => {
    expect(decide(candidate({ digest: 'sha256-monday' }), {})).toBe('already-loaded');
    expect(
      decide(candidate({ digest: 'sha256-monday', ledger: [row(), row({ digest: 'later', runId: 'x' })] }), {}),
    ).toBe('already-loaded');
  });
  test('is loaded again with force, but never appended twice', () => {
    expect(decide(candidate({ digest: 'sha256-monday', stateBefore: null }), { force: true })).toBe('load');
    expect(decide(candidate({ digest: 'sha256-monday', disposition: 'append' }), { force: true })).toBe(
      'already-loaded',
    );
  });
});

describe('the same run with another dataset', () => {
  const again = (disposition: Candidate['disposition']) =>
    candidate({ runId: 'monday', disposition, mode: 'full', stateBefore: null });
  test('is applied by replace and merge, refused by append', () => {
    expect(decide(again('replace'), {})).toBe('load');
    expect(decide(again('merge'), {})).toBe('load');
    expect(() => decide(again('append'), {})).toThrow('run monday already appended another dataset to it');
  });
});

describe('a target that was dropped or created again', () => {
  test('is refused, and force is the way out', () => {
    expect(() => decide(candidate({ identity: null }), {})).toThrow('it was dropped after the last load');
    expect(() => decide(candidate({ identity: 'oid 2' }), {})).toThrow(
      'it was dropped and created again after the last load',
    );
    expect(decide(candidate({ identity: null, stateBefore: null }), { force: true })).toBe('load');
  });
  test('contains nothing that the ledger lists for the old one', () => {
    expect(decide(candidate({ identity: 'oid 2', digest: 'sha256-monday', stateBefore: null }), { force: true })).toBe(
      'load',
    );
  });
});

describe('incremental', () => {
  const append = { disposition: 'append' as const };
  test('equal states: load', () => {
    expect(decide(candidate(append), {})).toBe('load');
  });
  test('behind the ledger: merge accepts, append refuses', () => {
    const behind = { stateBefore: { cursor: '5', keys: [] } };
    expect(decide(candidate(behind), {})).toBe('load');
    expect(() => decide(candidate({ ...behind, ...append }), {})).toThrow('appending would repeat records');
    expect(() => decide(candidate({ stateBefore: null, ...append }), {})).toThrow('the dataset begins from the start');
  });
  test('behind only by keys at the boundary', () => {
    const behind = { stateBefore: { cursor: '10', keys: [] } };
    expect(decide(candidate(behind), {})).toBe('load');
    expect(() => decide(candidate({ ...behind, ...append }), {})).toThrow('appending would repeat records');
  });
  test('ahead of the ledger: a gap, refused unless allowed', () => {
    const ahead = { stateBefore: { cursor: '15', keys: [] } };
    expect(() => decide(candidate(ahead), {})).toThrow('the records between were never loaded');
    expect(decide(candidate(ahead), { allowGap: true })).toBe('load');
  });
  test('no ledger: from the start, or adopted', () => {
    expect(decide(candidate({ ledger: [], stateBefore: null }), {})).toBe('load');
    expect(() => decide(candidate({ ledger: [] }), {})).toThrow('the ledger has nothing before it');
    expect(decide(candidate({ ledger: [] }), { adopt: true })).toBe('load');
  });
});

describe('intervals', () => {
  const january = { start: '2024-01-01T00:00:00.000Z', end: '2024-02-01T00:00:00.000Z' };
  const february = { start: '2024-02-01T00:00:00.000Z', end: '2024-03-01T00:00:00.000Z' };
  const loaded = row({ interval: january, disposition: 'replace-interval', stateAfter: null });
  const one = (change: Partial<Candidate>) =>
    candidate({
      mode: 'interval',
      disposition: 'replace-interval',
      stateBefore: null,
      stateAfter: null,
      ledger: [loaded],
      ...change,
    });

  test('may be loaded in any order, and again', () => {
    expect(decide(one({ interval: february }), {})).toBe('load');
    expect(decide(one({ interval: january }), {})).toBe('load');
  });
  test('an older read of the same interval is superseded', () => {
    expect(decide(one({ interval: january, readStart: '2023-12-31T00:00:00.000Z' }), {})).toBe('superseded');
    expect(decide(one({ interval: february, readStart: '2023-12-31T00:00:00.000Z' }), {})).toBe('load');
  });
  test('an interval that was read before a replace is superseded', () => {
    const replaced = row({ disposition: 'replace', readStart: '2024-01-03T00:00:00.000Z' });
    expect(decide(one({ interval: january, ledger: [replaced] }), {})).toBe('superseded');
    expect(decide(one({ interval: january, ledger: [{ ...replaced, disposition: 'merge' }] }), {})).toBe('load');
  });
  test('later reads are known by their intervals, or else as others', () => {
    const early = { readStart: '2023-12-31T00:00:00.000Z' };
    expect(readLater(one({}))).toEqual({ intervals: [], others: false });
    expect(readLater(one(early))).toEqual({ intervals: [january], others: false });
    expect(readLater(one({ ...early, ledger: [loaded, row()] }))).toEqual({ intervals: [january], others: true });
    expect(readLater(one({ ledger: [] }))).toEqual({ intervals: [], others: true });
  });
  test('replaced rows do not count', () => {
    const replaced = row({ disposition: 'replace', readStart: '2023-12-30T00:00:00.000Z' });
    expect(readLater(one({ readStart: '2023-12-31T00:00:00.000Z', ledger: [loaded, replaced] }))).toEqual({
      intervals: [],
      others: false,
    });
  });
  test('append of an overlapping interval is refused', () => {
    const overlap = { start: '2024-01-31T00:00:00.000Z', end: '2024-02-02T00:00:00.000Z' };
    expect(() => decide(one({ interval: overlap, disposition: 'append' }), {})).toThrow('were loaded by run monday');
    expect(decide(one({ interval: february, disposition: 'append' }), {})).toBe('load');
  });
  test('append is refused for an interval before the state, and for an incremental read over an interval', () => {
    const state = { cursor: '2024-02-15T00:00:00.000Z', keys: [] };
    const read = row({ stateAfter: state });
    const append = { disposition: 'append', cursorKind: 'date-time' } as const;
    expect(() => decide(one({ ...append, interval: february, ledger: [read] }), {})).toThrow(
      'the ledger is already at 2024-02-15',
    );
    expect(
      decide(
        one({ ...append, interval: february, ledger: [read, row({ disposition: 'replace', stateAfter: null })] }),
        {},
      ),
    ).toBe('load');
    const next = candidate({ ...append, stateBefore: state, stateAfter: state });
    expect(() => decide({ ...next, ledger: [read, row({ interval: february, stateAfter: null })] }, {})).toThrow(
      'its rows from 2024-02-01T00:00:00.000Z to 2024-03-01T00:00:00.000Z were loaded',
    );
    expect(decide({ ...next, ledger: [read, row({ interval: january, stateAfter: null })] }, {})).toBe('load');
  });
});

test('a replace that was read before the loaded data is superseded', () => {
  const late = candidate({
    mode: 'full',
    disposition: 'replace',
    stateBefore: null,
    readStart: '2023-12-31T00:00:00.000Z',
    ledger: [row({ disposition: 'replace' })],
  });
  expect(decide(late, {})).toBe('superseded');
  expect(decide({ ...late, mode: 'incremental' }, {})).toBe('superseded');
  expect(decide(late, { force: true })).toBe('load');
});

describe('the state after a load', () => {
  test('never goes back in an incremental load', () => {
    expect(stateAfterLoad(candidate())).toEqual({ cursor: '20', keys: [['b']] });
    expect(stateAfterLoad(candidate({ stateAfter: { cursor: '7', keys: [] } }))).toEqual({
      cursor: '10',
      keys: [['a']],
    });
  });
  test('never goes back when an earlier full read is added', () => {
    const full = candidate({ mode: 'full', disposition: 'append', stateAfter: { cursor: '7', keys: [] } });
    expect(stateAfterLoad(full)).toEqual({ cursor: '10', keys: [['a']] });
  });
  test('is that of the dataset if it replaces everything, however it was read', () => {
    const stateAfter = { cursor: '7', keys: [] };
    expect(stateAfterLoad(candidate({ disposition: 'replace', stateBefore: null, stateAfter }))).toEqual(stateAfter);
    expect(stateAfterLoad(candidate({ mode: 'full', disposition: 'replace', stateAfter }))).toEqual(stateAfter);
  });
  test('joins the keys at the same boundary', () => {
    expect(stateAfterLoad(candidate({ stateAfter: { cursor: '10', keys: [['c'], ['a']] } }))).toEqual({
      cursor: '10',
      keys: [['a'], ['c']],
    });
  });
  test('does not change with intervals', () => {
    expect(stateAfterLoad(candidate({ mode: 'interval' }))).toBeNull();
    const ledger = [row(), row({ interval: { start: 'a', end: 'b' }, stateAfter: null })];
    expect(ledgerState(ledger)).toEqual({ cursor: '10', keys: [['a']] });
  });
});

describe('inputs that an earlier run has read, such as files', () => {
  const items = (...names: string[]) =>
    streamInput(
      'shop',
      names.map((name) => ({ name, version: '1' })),
    );
  const keys = (...names: string[]) => items(...names).items!.map(({ key }) => key);
  const ledger = [row({ input: { source: '0'.repeat(16), items: keys('a.csv', 'b.csv') } })];
  const files = (change: Partial<Candidate>) =>
    candidate({ disposition: 'append', wholeInputs: true, ledger, ...change });
  const changed = streamInput('shop', undefined, ['c.csv', 'd.csv']);

  test('are not appended again, whatever the state says', () => {
    expect(() => decide(files({ input: items('a.csv', 'c.csv') }), {})).toThrow(
      'run monday already appended a.csv: appending would repeat records',
    );
    expect(decide(files({ input: items('c.csv') }), {})).toBe('load');
    expect(decide(files({ input: items('a.csv'), disposition: 'merge' }), {})).toBe('load');
    expect(decide(files({ input: items('a.csv') }), { allowRepeat: true })).toBe('load');
  });
  test('do not count if only their records in a window were read', () => {
    expect(decide(files({ input: items('a.csv'), wholeInputs: false }), {})).toBe('load');
  });
  test('the same source does not count as the same records', () => {
    const { source } = items();
    expect(decide(files({ input: { source }, ledger: [row({ input: { source } })] }), {})).toBe('load');
  });
  test('are not appended in another version, and the error names them', () => {
    expect(() => decide(files({ input: changed }), {})).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(
          'an earlier run read c.csv, d.csv, which changed since: appending would repeat records',
        ),
        hint: expect.stringContaining('use --allow-repeat'),
      }),
    );
    expect(decide(files({ input: changed, disposition: 'merge' }), {})).toBe('load');
    expect(decide(files({ input: changed }), { allowRepeat: true })).toBe('load');
  });
});

describe('a stream with positions, read from the start although the ledger has a position', () => {
  const again = (disposition: Candidate['disposition']) =>
    candidate({
      disposition,
      stateBefore: null,
      stateAfter: { position: 2 },
      ledger: [row({ stateBefore: null, stateAfter: { position: 1 } })],
    });
  test('can be merged and replace all, but is not appended', () => {
    expect(decide(again('merge'), {})).toBe('load');
    expect(decide(again('replace'), {})).toBe('load');
    expect(stateAfterLoad(again('replace'))).toEqual({ position: 2 });
    expect(() => decide(again('append'), {})).toThrow('append would repeat records');
  });
});
