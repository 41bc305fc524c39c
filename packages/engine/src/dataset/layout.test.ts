import { describe, expect, test } from 'vitest';
import { newAttempt, newRunId, runFolder, stateFolder, stepFolder } from './layout.ts';

const run = { name: 'shop', runId: 'monday' };

test.each([
  ['a step', stepFolder({ ...run, step: 'extract' }), 'shop/monday/extract'],
  [
    'a partition of a step',
    stepFolder({ ...run, step: 'extract', partition: '3-orders' }),
    'shop/monday/extract.3-orders',
  ],
  ['a run', runFolder(run), 'shop/monday'],
  ['the state of a pipeline', stateFolder('shop'), 'shop/state'],
])('the folder of %s', (_, folder, expected) => {
  expect(folder).toBe(expected);
});

test.each([
  ['a slash', { name: 'a/b', runId: 'c/d' }, 'a%2Fb/c%2Fd'],
  ['a folder above', { name: '..', runId: '.' }, '%2E%2E/%2E'],
  [
    'a scheduler’s time',
    { name: 'shop', runId: 'scheduled__2026-01-01T00:00:00+00:00' },
    'shop/scheduled__2026-01-01T00%3A00%3A00%2B00%3A00',
  ],
])('names lead nowhere else: %s', (_, id, expected) => {
  expect(runFolder(id)).toBe(expected);
});

test('a step named like a partition of another has a folder of its own', () => {
  expect(stepFolder({ ...run, step: 'clean.1' })).toBe('shop/monday/clean.1');
  expect(stepFolder({ ...run, step: 'clean/1' })).not.toBe(stepFolder({ ...run, step: 'clean', partition: '1' }));
});

describe('made-up ids', () => {
  test('of runs sort by time', () => {
    const ids = ['2026-02-01T09:00:00.000Z', '2025-12-31T23:59:59.999Z', '2026-01-01T00:00:00.000Z'].map((at) =>
      newRunId(new Date(at)),
    );
    expect(ids.toSorted()).toEqual([ids[1], ids[2], ids[0]]);
    expect(ids[0]).toMatch(/^20260201T090000Z-[0-9a-f]{6}$/);
  });
  test('are never the same', () => {
    const now = new Date();
    expect(newRunId(now)).not.toBe(newRunId(now));
    expect(newAttempt()).not.toBe(newAttempt());
    expect(newAttempt()).toMatch(/^[0-9a-f]{12}$/);
  });
});
