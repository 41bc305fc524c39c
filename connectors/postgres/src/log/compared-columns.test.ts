import { expect, test } from 'vitest';
import { columnsDiffer } from './compared-columns.ts';

/** Columns as `name type modifier`, those of the catalog with their number. */
const then = (...columns: [name: string, type?: number, modifier?: number][]) =>
  columns.map(([name, type = 25, modifier = -1]) => ({ name, isKey: false, type, modifier }));
const now = (...columns: [name: string, number: number, type?: number, modifier?: number][]) =>
  columns.map(([name, number, type = 25, modifier = -1]) => ({
    ...{ name, number, type, modifier },
    ...{ generated: '', missing: null },
  }));

const numeric = (precision: number, scale: number) => precision * 65_536 + scale + 4;

test.each<[string, ReturnType<typeof then>, ReturnType<typeof now>]>([
  ['the same columns', then(['a'], ['b']), now(['a', 1], ['b', 2])],
  ['a column was added', then(['a']), now(['a', 1], ['b', 2])],
  ['a column was dropped', then(['a'], ['b'], ['c']), now(['a', 1], ['c', 3])],
  ['integer became bigint', then(['a', 23]), now(['a', 1, 20])],
  ['varchar(3) became varchar(9)', then(['a', 1043, 7]), now(['a', 1, 1043, 13])],
  ['varchar(3) became text', then(['a', 1043, 7]), now(['a', 1, 25])],
  ['numeric(8,2) became numeric(12,2)', then(['a', 1700, numeric(8, 2)]), now(['a', 1, 1700, numeric(12, 2)])],
  ['numeric(8,2) became numeric', then(['a', 1700, numeric(8, 2)]), now(['a', 1, 1700])],
])('a row can be read after %s', (_, before, after) => {
  expect(columnsDiffer(before, after)).toBeUndefined();
});

test.each<[string, ReturnType<typeof then>, ReturnType<typeof now>, string]>([
  ['a column got another name', then(['a'], ['b']), now(['a', 1], ['c', 2]), '"b" became "c"'],
  ['a column was dropped and another added', then(['a'], ['b']), now(['a', 1], ['c', 3]), '"b" became "c"'],
  ['text became integer', then(['a', 25]), now(['a', 1, 23]), '"a" had another type'],
  ['bigint became integer', then(['a', 20]), now(['a', 1, 23]), '"a" had another type'],
  ['integer became varchar(3)', then(['a', 23]), now(['a', 1, 1043, 7]), '"a" had another type'],
  ['varchar(9) became varchar(3)', then(['a', 1043, 13]), now(['a', 1, 1043, 7]), '"a" had another type'],
  ['text became varchar(3)', then(['a', 25]), now(['a', 1, 1043, 7]), '"a" had another type'],
  [
    'numeric(8,2) became numeric(8,1)',
    then(['a', 1700, numeric(8, 2)]),
    now(['a', 1, 1700, numeric(8, 1)]),
    '"a" had another type',
  ],
  ['numeric became numeric(8,2)', then(['a', 1700]), now(['a', 1, 1700, numeric(8, 2)]), '"a" had another type'],
  ['char(3) became char(5)', then(['a', 1042, 7]), now(['a', 1, 1042, 9]), '"a" had another type'],
  [
    'a column in the middle was not published',
    then(['a'], ['c']),
    now(['a', 1], ['b', 2], ['c', 3]),
    '"b" was not logged',
  ],
  ['a column was made anew', then(['a'], ['b'], ['c']), now(['a', 1], ['c', 3], ['b', 4]), 'was dropped and made anew'],
])('a row cannot be read after %s', (_, before, after, reason) => {
  expect(columnsDiffer(before, after)).toContain(reason);
});

test('types count only where the column is read', () => {
  expect(columnsDiffer(then(['a', 25]), now(['a', 1, 23]), () => false)).toBeUndefined();
});
