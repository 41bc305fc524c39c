import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createBars } from './bars.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('each stream has a bar, redrawn in place below the log lines', () => {
  const written: string[] = [];
  const bars = createBars({ write: (text) => written.push(text), columns: 100, rows: 24 });
  bars.update({ step: 'extract', stream: 'users', records: 0, rejected: 0, bytes: 0 });
  vi.advanceTimersByTime(1000);
  bars.update({ step: 'extract', stream: 'users', records: 1500, rejected: 2, bytes: 2_345_678 });
  written.length = 0;
  vi.advanceTimersByTime(100);
  expect(written[0]).toBe('\x1b[1A\x1b[0J');
  expect(stripVTControlCharacters(written[1]!).replace(/[█░]+/, '▒')).toBe(
    '▒ users extract  1,500 records  2.3 MB  1,364/s  2 rejected\n',
  );
  bars.line('› a line');
  expect(written.slice(2)).toEqual(['\x1b[1A\x1b[0J', '› a line\n']);
  bars.stop();
  written.length = 0;
  vi.advanceTimersByTime(1000);
  expect(written).toEqual([]);
});

test('bars never take more lines or columns than the terminal has', () => {
  let screen = '';
  const bars = createBars({ write: (text) => (screen = text), columns: 40, rows: 5 });
  for (let stream = 0; stream < 10; stream++)
    bars.update({ step: 'extract', stream: `stream_with_a_long_name_${stream}`, records: 1, rejected: 0, bytes: 1 });
  vi.advanceTimersByTime(100);
  const lines = stripVTControlCharacters(screen).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(40);
  bars.stop();
});
