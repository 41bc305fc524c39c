import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatBytes, formatDuration } from './numbers.ts';
import { presentStep } from './summary.ts';

const PAGE = { width: 80, hide: (text: string) => text };

test('a step has a summary for people', () => {
  const text = presentStep(
    {
      ok: true,
      step: 'load',
      dataset: 'file:///s/cities/1/extract/manifest.json#sha256-1',
      runId: '1',
      name: 'cities',
      streams: {
        cities: {
          records: 154_600,
          rejected: 2,
          bytes: 4_512_345,
          target: 'cities',
          disposition: 'merge',
          outcome: 'already-loaded',
        },
      },
      durationMs: 2345,
    },
    PAGE,
  );
  expect(stripVTControlCharacters(text)).toMatchInlineSnapshot(`
    "✔ load of cities, run 1, in 2.3 s
      STREAM  RECORDS  REJECTED   BYTES
      cities  154,600         2  4.5 MB  merge → cities (already-loaded)
      dataset file:///s/cities/1/extract/manifest.json#sha256-1"
  `);
});

test('numbers have suitable units', () => {
  expect([0, 999, 1000, 12_345, 123_456, 999_600, 5_000_000_000].map(formatBytes)).toEqual([
    '0 B',
    '999 B',
    '1.0 kB',
    '12.3 kB',
    '123 kB',
    '1.0 MB',
    '5.0 GB',
  ]);
  expect([40, 59_900, 192_000, 7_260_000].map(formatDuration)).toEqual(['0.0 s', '59.9 s', '3 min 12 s', '2 h 1 min']);
});
