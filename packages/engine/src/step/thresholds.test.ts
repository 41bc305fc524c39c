import type { Disposition } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import type { ManifestStream } from '../dataset/manifest.ts';
import type { ExtractOptions, MaxRejected } from './step-options.ts';
import { checkAllRejected, checkEmpty, checkRejected } from './thresholds.ts';

type Stream = Pick<ManifestStream, 'counts' | 'firstRejected' | 'mode' | 'primaryKey'>;

function stream(counts: Partial<ManifestStream['counts']>, change: Partial<Stream> = {}): ManifestStream {
  const none = { read: 0, staged: 0, rejected: 0, outside: 0, dropped: 0, expanded: 0 };
  const one: Stream = { counts: { ...none, ...counts }, firstRejected: null, mode: 'full', primaryKey: [], ...change };
  return one as ManifestStream;
}

describe('rejected records', () => {
  test.each<[string, number, number, MaxRejected | undefined, boolean]>([
    ['none', 0, 100, undefined, true],
    ['one, if none is allowed', 1, 100, undefined, false],
    ['as many as allowed', 3, 100, { count: 3 }, true],
    ['one more than allowed', 4, 100, { count: 3 }, false],
    ['the share allowed', 5, 100, { share: 0.05 }, true],
    ['more than the share allowed', 6, 100, { share: 0.05 }, false],
    ['none of none', 0, 0, { share: 0 }, true],
    ['all, if all may be', 9, 9, { share: 1 }, true],
  ])('%s', (_, rejected, read, maxRejected, passes) => {
    const check = () => checkRejected({ stream: 'orders', rejected, read, maxRejected });
    if (passes) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'RECORDS_REJECTED' }));
  });
  test('are reported with their numbers, the limit and the first of them', () => {
    const streams = {
      good: stream({ read: 9 }),
      orders: stream({ read: 50, rejected: 2 }, { firstRejected: 'a.csv:7: no id' }),
    };
    const limit = { maxRejected: { share: 0.02 } };
    expect(() => checkAllRejected(streams, limit)).toThrow(/^orders: 2 of 50 .*2% allowed.*a\.csv:7: no id$/);
    expect(() => checkAllRejected(streams, { maxRejected: { count: 2 } })).not.toThrow();
  });
  test('of a load come with the command that lists them', () => {
    expect(() => checkRejected({ stream: 'orders', rejected: 1, read: 1, dataset: 'file:///d' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('aries dataset rejected file:///d') }),
    );
  });
});

describe('too few records', () => {
  const ahead = (...dispositions: Disposition[]) => ({ disposition: undefined, dispositions });
  const empty = { orders: stream({}) };
  const half = { orders: stream({}), items: stream({ staged: 2 }) };
  const keyed = { orders: stream({}, { mode: 'incremental', primaryKey: ['id'] }) };
  test.each<
    [string, Record<string, ManifestStream>, Pick<ExtractOptions, 'minRecords' | 'skipEmpty' | 'loadAhead'>, string]
  >([
    ['an empty dataset is fine by default', empty, {}, 'fine'],
    ['as many as required', { items: stream({ staged: 2 }) }, { minRecords: 2 }, 'fine'],
    ['one stream with too few', half, { minRecords: 2 }, 'RECORDS_TOO_FEW'],
    ['too few comes before nothing to do', empty, { minRecords: 1, skipEmpty: true }, 'RECORDS_TOO_FEW'],
    ['all are empty, with skipEmpty', empty, { skipEmpty: true }, 'NOTHING_TO_DO'],
    ['one is not empty', half, { skipEmpty: true }, 'fine'],
    [
      'an empty dataset that replaces is loaded',
      empty,
      { skipEmpty: true, loadAhead: ahead('append', 'replace') },
      'fine',
    ],
    [
      'an empty dataset is not merged',
      keyed,
      { skipEmpty: true, loadAhead: ahead('append', 'merge') },
      'NOTHING_TO_DO',
    ],
    ['an empty dataset is not appended', empty, { skipEmpty: true, loadAhead: ahead('append') }, 'NOTHING_TO_DO'],
  ])('%s', (_, streams, options, outcome) => {
    const check = () => checkEmpty(streams, options);
    if (outcome === 'fine') expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: outcome }));
  });
});
