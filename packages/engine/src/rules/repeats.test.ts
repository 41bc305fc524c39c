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
      'one of two, read with another config',
      input([january, february]),
      [appended('mon', input([january], 'other'))],
      { runId: 'mon', items: ['january.csv'], changed: [] },
    ],
    [
      'two, of two runs: the first file names the run',
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
      'a version that was appended, and another one as well',
      input([january]),
      [appended('mon', input([january])), appended('tue', input([corrected]))],
      { runId: 'mon', items: ['january.csv'], changed: [] },
    ],
  ])('%s', (_, read, held, expected) => {
    expect(repeatsOf(read, held)).toEqual(expected);
  });
});

describe('where a source tells no files, the config counts', () => {
  test.each<[string, StreamInput, LedgerRow[], string | undefined]>([
    ['the same config', input(), [appended('mon', input())], 'mon'],
    ['the last run of it is named', input(), [appended('mon', input()), appended('tue', input())], 'tue'],
    ['another config', input(), [appended('mon', input(undefined, 'other'))], undefined],
    ['files are known of one of the two only', input(), [appended('mon', input([january]))], 'mon'],
    ['and the other way round', input([january]), [appended('mon', input())], 'mon'],
    ['nobody knows what was read', input(), [appended('mon', undefined)], undefined],
    ['what was read was empty', input(), [appended('mon', input(), 0)], undefined],
  ])('%s', (_, read, held, runId) => {
    expect(repeatsOf(read, held)).toEqual({ ...nothing, runId });
  });
});
