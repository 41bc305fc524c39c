import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { table } from './table.ts';
import { wrap } from './wrap.ts';

const LONG = 'analytics_production_customer_subscription_lifecycle_events_2026';
const show = (width: number, rows: string[][], hide = (text: string) => text) =>
  stripVTControlCharacters(table(['STREAM', 'RECORDS', 'PRIMARY KEY', ''], rows, { width, hide }));

test('columns are as wide as their cells if there is room', () => {
  expect(show(120, [[LONG, '1,234,567', 'id', 'merge → events']])).toMatchInlineSnapshot(`
    "STREAM                                                              RECORDS  PRIMARY KEY
    analytics_production_customer_subscription_lifecycle_events_2026  1,234,567  id           merge → events"
  `);
});

test('long cells are wrapped to fit the page, and nothing of them is lost', () => {
  const rows = [
    ['orders', '12', 'id', 'append → orders'],
    [
      LONG,
      '1,234,567',
      'tenant_identifier, event_identifier',
      'merge → warehouse.analytics.subscription_events (already-loaded)',
    ],
  ];
  const text = show(80, rows);
  expect(text).toMatchInlineSnapshot(`
    "STREAM                   RECORDS  PRIMARY KEY
    orders                        12  id                     append → orders
    analytics_production_  1,234,567  tenant_identifier,     merge →
    customer_subscription             event_identifier       warehouse.analytics.
    _lifecycle_events_                                       subscription_events
    2026                                                     (already-loaded)"
  `);
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('a secret is hidden before its cell is wrapped', () => {
  const hide = (text: string) => text.replaceAll('hunter2-hunter2-hunter2', '[redacted]');
  const text = show(40, [['a', '1', 'hunter2-hunter2-hunter2', 'the password is hunter2-hunter2-hunter2']], hide);
  expect(text.replaceAll(/\s/g, '')).not.toContain('hunter2');
  expect(text).toContain('[redacte');
});

test('texts are broken between words, else at punctuation, else anywhere', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('/srv/data/orders.ndjson', 12)).toEqual(['/srv/data/', 'orders.', 'ndjson']);
  expect(wrap('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  expect(wrap('😀😀😀', 3)).toEqual(['😀', '😀', '😀']);
  expect(wrap('', 4)).toEqual(['']);
});
