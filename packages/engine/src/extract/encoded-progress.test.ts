import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Part } from '../dataset/manifest.ts';
import { createEncodedProgress, type Durable } from './encoded-progress.ts';
import type { StreamExtract } from './stream-extract.ts';
import type { StreamProgress } from './stream-progress.ts';

const part = (key: string) => ({ key }) as Part;

function start() {
  const progress = {
    base: { position: null },
    counts: { read: 0, staged: 0 },
    reached: { state: null },
  } as unknown as StreamProgress;
  const options = { window: { mode: 'full', order: (a: string, b: string) => Number(a) - Number(b) } };
  return { progress, durable: createEncodedProgress(options as unknown as StreamExtract, progress) };
}

/** Makes pieces of ten rows each, in one part file. */
function durable(indexes: number[], isResumable = true): Durable {
  return {
    pieces: indexes.map((index) => ({
      index,
      rows: 10,
      maxCursor: String(index),
      ...(isResumable ? { position: { after: index } } : {}),
    })),
    parts: [part(indexes.join('-'))],
  };
}

test('a durable piece counts once everything before it is durable', () => {
  const { progress, durable: made } = start();
  expect(made.add(durable([1]))).toBe(false);
  expect(progress.counts.read).toBe(0);
  expect(made.add(durable([3, 4]))).toBe(false);
  expect(made.add(durable([0]))).toBe(true);
  expect(progress).toMatchObject({ base: { position: { after: 1 } }, counts: { read: 20, staged: 20 } });
  expect(made.written.parts).toEqual([part('1'), part('0')].sort((a, b) => a.key.localeCompare(b.key)));
  expect(made.add(durable([2]))).toBe(true);
  expect(progress).toMatchObject({ base: { position: { after: 4 } }, counts: { read: 50 } });
});

test('part files that also hold a later piece wait for the pieces between', () => {
  const { progress, durable: made } = start();
  made.add(durable([0, 3]));
  made.add(durable([1]));
  expect(progress.counts.read).toBe(0);
  made.add(durable([2]));
  expect(progress).toMatchObject({ base: { position: { after: 3 } }, counts: { read: 40 } });
});

test('pieces without a position are counted, but cannot be resumed after', () => {
  const { progress, durable: made } = start();
  expect(made.add(durable([0], false))).toBe(false);
  expect(progress).toMatchObject({ base: { position: null }, counts: { read: 10 } });
});

test('in any order, by any lanes: a position only follows pieces that are counted', () => {
  const lanes = fc.integer({ min: 1, max: 30 }).chain((count) =>
    fc.record({
      count: fc.constant(count),
      lanes: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: count, maxLength: count }),
      closes: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
    }),
  );
  fc.assert(
    fc.property(lanes, ({ count, lanes, closes }) => {
      const { progress, durable: made } = start();
      const open = new Map<number, number[]>();
      const added: number[] = [];
      const close = (lane: number) => {
        const indexes = open.get(lane) ?? [];
        open.delete(lane);
        if (indexes.length === 0) return;
        made.add(durable(indexes));
        added.push(...indexes);
        const held = progress.counts.read / 10;
        const after = (progress.base.position as { after: number } | null)?.after ?? -1;
        expect(after).toBe(held - 1);
        expect(Array.from({ length: held }, (_, index) => added.includes(index))).not.toContain(false);
      };
      for (let index = 0; index < count; index++) {
        const lane = lanes[index]!;
        open.set(lane, [...(open.get(lane) ?? []), index]);
        if (closes[index]) close(lane);
      }
      for (const lane of [...open.keys()]) close(lane);
      expect(progress.counts.read).toBe(count * 10);
      const files = made.written.parts.flatMap(({ key }) => key.split('-').map(Number));
      expect(files.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
    }),
  );
});
