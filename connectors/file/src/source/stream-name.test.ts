import { expect, test } from 'vitest';
import { streamName } from './stream-name.ts';

test.each([
  ['cities.json', 'cities'],
  ['./data/cities.json.gz', 'cities'],
  ['data.2024.csv', 'data.2024'],
  ['file:///data/cities%20of%20GB.ndjson.zst', 'cities of GB'],
  ['file:///cities.tsv', 'cities'],
  ['s3://bucket/raw/cities.jsonl?endpoint=http://localhost:9000', 'cities'],
  ['https://user:secret@example.com/a/cities.json?token=secret', 'cities'],
  ['https://example.com/', 'records'],
  ['data/2024-*.csv.gz', '2024'],
  ['data/cities-{GB,FR}.csv', 'cities'],
  ['data/**/*.json', 'records'],
  ['s3://bucket/events/*/part-*.ndjson', 'part'],
  ['.csv', 'csv'],
])('%s is the stream %s', (url, name) => {
  expect(streamName(url)).toBe(name);
});

test('a list of files gets the name they share', () => {
  expect(streamName(['a/cities.csv', 'b/cities.csv.gz'])).toBe('cities');
  expect(streamName(['cities.csv', 'towns.csv'])).toBe('records');
});
