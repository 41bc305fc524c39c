import { expect, test, vi } from 'vitest';
import { heartbeat } from './heartbeat.ts';

test('a step says every ten seconds how far it is, also when nothing moves', () => {
  vi.useFakeTimers();
  const info = vi.fn();
  const view = heartbeat({ debug() {}, info, warn() {}, error() {} });
  vi.advanceTimersByTime(10_000);
  expect(info).toHaveBeenLastCalledWith('progress', { seconds: 10, streams: [] });
  const users = { step: 'extract', stream: 'users', records: 5, rejected: 0, bytes: 10 };
  view.update({ ...users, records: 1 });
  view.update(users);
  vi.advanceTimersByTime(10_000);
  expect(info).toHaveBeenLastCalledWith('progress', { seconds: 20, streams: [users] });
  view.stop();
  vi.advanceTimersByTime(60_000);
  expect(info).toHaveBeenCalledTimes(2);
  vi.useRealTimers();
});
