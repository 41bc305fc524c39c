import { type DuckDBDateValue, DuckDBInstance, type DuckDBTimestampValue } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { parseDate, parseDateTime, parseTime } from './destination/parse-time.ts';
import { formatDate, formatDateTime, formatTime } from './source/format-time.ts';

/** Random values, with the text that DuckDB prints for them. */
async function samples<Value>(sql: string): Promise<[value: Value, text: string][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return (await connection.runAndReadAll(`SELECT v, CAST(v AS VARCHAR) FROM (${sql}) AS s(v)`)).getRows() as never;
}

test('dates of the whole calendar are formatted like in DuckDB, and parsed back', async () => {
  const all = `SELECT DATE '1970-01-01' + CAST(random() * 4294967270 - 2147483635 AS INTEGER) FROM range(20000)`;
  const usual = `SELECT DATE '0001-01-01' + (i * 37)::INTEGER FROM range(-100, 60000) r(i)`;
  for (const [{ days }, text] of await samples<DuckDBDateValue>(`${all} UNION ALL ${usual}`)) {
    const ours = text.replace(' (BC)', ' BC');
    if (formatDate(days) !== ours || parseDate(ours) !== days)
      expect([formatDate(days), parseDate(ours)]).toEqual([ours, days]);
  }
});

test('date-times of the whole calendar are formatted like in DuckDB, and parsed back', async () => {
  const sql = `SELECT make_timestamp(CAST(CASE WHEN i % 2 = 0 THEN 4e15 ELSE 9.2e18 END * (2 * random() - 1) AS BIGINT)) FROM range(40000) r(i)`;
  for (const [{ micros }, duckdb] of await samples<DuckDBTimestampValue>(sql)) {
    const text = duckdb.replace(
      /^([\d-]+)( \(BC\))? (.*)$/,
      (_, day, bc, time) => `${day}T${time}${bc === undefined ? '' : ' BC'}`,
    );
    const zoned = text.endsWith(' BC') ? text.replace(' BC', 'Z BC') : `${text}Z`;
    const ours = [
      formatDateTime(micros, 6, ''),
      parseDateTime(text, false),
      formatDateTime(micros, 6, 'Z'),
      parseDateTime(zoned, true),
    ];
    const expected = [text, micros, zoned, micros];
    if (ours.some((value, index) => value !== expected[index])) expect(ours).toEqual(expected);
  }
});

test('units other than microseconds', () => {
  expect(formatDateTime(-1n, 0, '')).toBe('1969-12-31T23:59:59');
  expect(formatDateTime(-1n, 3, '')).toBe('1969-12-31T23:59:59.999');
  expect(formatDateTime(-1n, 9, '')).toBe('1969-12-31T23:59:59.999999999');
  expect(formatTime(1)).toBe('00:00:00.000001');
  expect(formatTime(86_400_000_000)).toBe('24:00:00');
});

test.each(['2023-02-29', '2023-13-01', '2023-1-01', '0000-01-01 BC', '5881580-07-11', '2023-01-01T00:00:00', ''])(
  '%o is no date',
  (text) => expect(parseDate(text)).toBeUndefined(),
);

test.each(['24:00:00.1', '12:60', '12:00:60', '1:00:00', '12:00:00Z', '12:00:00.1234567', ''])(
  '%o is no time',
  (text) => expect(parseTime(text)).toBeUndefined(),
);

test.each([
  '2024-05-06T07:08:09',
  '2024-05-06T07:08:60Z',
  '2024-05-06T24:00:00Z',
  '2024-05-06T07:08:09.1234567Z',
  '2024-05-06T07:08:09.Z',
  'abcd-05-06T07:08:09Z',
  '2024-05-06T07:08:09.12x456Z',
  '2024-05-06T07:08:09+24:00',
  '294247-01-10T04:00:54.775807Z',
  '290309-12-21T23:59:59Z BC',
])('%o is no date-time with a zone', (text) => expect(parseDateTime(text, true)).toBeUndefined());

test('a date-time without a zone has none', () => {
  expect(parseDateTime('2024-05-06T07:08:09Z', false)).toBeUndefined();
  expect(parseDateTime('2024-05-06T07:08', false)).toBe(1_714_979_280_000_000n);
  expect(parseDateTime('2024-05-06T07:08:09.1234560', false)).toBe(1_714_979_289_123_456n);
});
