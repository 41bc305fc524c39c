import { expect, test } from 'vitest';
import { createCheckpointPace } from './checkpoint-pace.ts';

test('the first checkpoint is due half a second after the first item, later ones ever less often', () => {
  let now = 0;
  const pace = createCheckpointPace(() => now);
  // A slow connection is no progress.
  now = 60_000;
  expect(pace.due).toBe(false);
  pace.received();
  const pauses = Array.from({ length: 9 }, () => {
    const start = now;
    while (!pace.due) now += 500;
    pace.received();
    pace.done();
    return now - start;
  });
  expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});
