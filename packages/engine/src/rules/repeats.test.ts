import type { InputItem, LedgerRow } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { type StreamInput, streamInput } from '../dataset/stream-input.ts';
import { repeatsOf } from './repeats.ts';

const january: InputItem = { name: 'january.csv', version: '1' };
const february: InputItem = { name: 'february.csv', version: '1' };
const corrected: InputItem = { name: 'january.csv', version: '2' };

const input = (items?: InputItem[], source = 'shop'): StreamInput => streamInput(source, items);

function appended(runId: string, read: StreamInput | undefined, rows = 5): LedgerRow {
  const row: Partial<LedgerRow> = { runId, rows };
  if (read !== undefined)
    row.input = { source: read.source, ...(read.items && { items: read.items.map(({ key }) => key) }) };
  return row as LedgerRow;
}

const nothing = { runId: undefined, items: [], changed: [] };

describe('files are compared one by one', () => {
  test.each<[string, StreamInput, LedgerRow[], ReturnType<typeof repeatsOf>]>([
    ['nothing was appended before', input([january]), [], nothing],
    ['another file', input([february]), [appended('mon', input([january]))], nothing],
    [
      'the same file',
      input([january]),
      [appended('mon', input([january]))],
      { runId: 'mon', items: ['january.csv'], changed: [] },
    ],
    [
      'one file of two, read with another config',
      input([january, february]),
      [appended('mon', input([january], 'other'))],
      { runId: 'mon', items: ['january.csv'], changed: [] },
    ],
    [
      'two files of two runs: the first file decides which run is named',
      input([january, february]),
      [appended('mon', input([february])), appended('tue', input([january]))],
      { runId: 'tue', items: ['january.csv', 'february.csv'], changed: [] },
    ],
    [
      'a file that changed since',
      input([corrected]),
      [appended('mon', input([january]))],
      { ...nothing, changed: ['january.csv'] },
    ],
    [
      'a version that was appended, and another version too',
      input([january]),
      [appended('mon', input([january])), appended('tue', input([corrected]))],
      { runId: 'mon', items: ['january.csv'], changed: [] },
    ],
  ])('%s', (_, read, held, expected) => {
    expect(repeatsOf(read, held)).toEqual(expected);
  });
});

describe('if a source does not report files, the config counts', () => {
  test.each<[string, StreamInput, LedgerRow[], string | undefined]>([
    ['the same config', input(), [appended('mon', input())], 'mon'],
    ['the last run with it is named', input(), [appended('mon', input()), appended('tue', input())], 'tue'],
    ['another config', input(), [appended('mon', input(undefined, 'other'))], undefined],
    ['only the earlier read has files', input(), [appended('mon', input([january]))], 'mon'],
    ['only the new read has files', input([january]), [appended('mon', input())], 'mon'],
    ['the ledger row has no input', input(), [appended('mon', undefined)], undefined],
    ['the earlier read was empty', input(), [appended('mon', input(), 0)], undefined],
  ])('%s', (_, read, held, runId) => {
    expect(repeatsOf(read, held)).toEqual({ ...nothing, runId });
  });
});
