import { AriesError } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { addRun, followFigures } from './follow-figures.ts';
import { isHealthy, isReady, patienceOf } from './health.ts';

const MINUTE = 60_000;
const failed = { runId: 'r', outcome: 'failed', error: new AriesError('UNREACHABLE', 'gone') } as const;
const nothing = { runId: 'r', outcome: 'nothing' } as const;

test('the patience is ten runs, and at least a quarter of an hour', () => {
  expect(patienceOf({ everyMs: 1000 })).toBe(15 * MINUTE);
  expect(patienceOf({ everyMs: 5 * MINUTE })).toBe(50 * MINUTE);
});

test('without a success, the process is healthy until its patience ends', () => {
  const figures = followFigures(10, 0);
  expect([isHealthy(figures, 15 * MINUTE), isHealthy(figures, 15 * MINUTE + 1)]).toEqual([true, false]);
  addRun(figures, nothing, 20 * MINUTE);
  expect([isHealthy(figures, 35 * MINUTE), isHealthy(figures, 35 * MINUTE + 1)]).toEqual([true, false]);
});

test('a first read of hours is healthy while records move', () => {
  const figures = followFigures(10, 0);
  figures.lastProgress = 180 * MINUTE;
  expect(isHealthy(figures, 190 * MINUTE)).toBe(true);
});

test('runs that fail again and again are unhealthy, whatever they read, until one succeeds', () => {
  const figures = followFigures(10, 0);
  addRun(figures, nothing, 0);
  addRun(figures, failed, MINUTE);
  addRun(figures, failed, 15 * MINUTE);
  figures.lastProgress = 17 * MINUTE;
  expect([isHealthy(figures, 16 * MINUTE), isHealthy(figures, 17 * MINUTE)]).toEqual([true, false]);
  addRun(figures, nothing, 17 * MINUTE);
  expect(isHealthy(figures, 18 * MINUTE)).toBe(true);
});

test('ready is what has succeeded once', () => {
  const figures = followFigures(10, 0);
  addRun(figures, failed, 1);
  expect(isReady(figures)).toBe(false);
  addRun(figures, nothing, 2);
  expect(isReady(figures)).toBe(true);
});
