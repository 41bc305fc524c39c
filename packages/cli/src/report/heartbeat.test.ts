import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { heartbeat } from './heartbeat.ts';
import { recordRun } from './run-figures.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a step logs progress, rates and memory every 30 seconds, even if nothing changes', () => {
  const info = vi.fn();
  const recorder = recordRun('extract');
  const view = heartbeat({ debug() {}, info, warn() {}, error() {} }, recorder.figures);
  const memory = expect.any(Number);
  vi.advanceTimersByTime(30_000);
  expect(info).toHaveBeenLastCalledWith('progress', { seconds: 30, memory, streams: [] });

  const users = { step: 'extract', stream: 'users', records: 600, rejected: 1, bytes: 9000 };
  recorder.onProgress({ ...users, records: 1 });
  recorder.onProgress(users);
  vi.advanceTimersByTime(30_000);
  expect(info).toHaveBeenLastCalledWith('progress', {
    seconds: 60,
    memory,
    streams: [{ ...users, recordsPerSecond: 20, bytesPerSecond: 300 }],
  });
  vi.advanceTimersByTime(30_000);
  expect(info).toHaveBeenLastCalledWith('progress', {
    seconds: 90,
    memory,
    streams: [{ ...users, recordsPerSecond: 0, bytesPerSecond: 0 }],
  });
  expect(info.mock.lastCall?.[1].memory).toBeGreaterThan(1e6);

  view.stop();
  vi.advanceTimersByTime(120_000);
  expect(info).toHaveBeenCalledTimes(3);
});
