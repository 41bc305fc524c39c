import type { Rejection } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { createRejections } from './rejections.ts';

const first: Rejection = { record: { id: 1 }, reason: 'too long', origin: 'part 1' };
const second: Rejection = { record: { id: 2 }, reason: 'too long', origin: 'part 1' };

/** Makes a check that allows `count` rejections, and records how many it was given. */
function atMost(count: number) {
  const shown: number[] = [];
  const check = (waiting: readonly Rejection[]) => {
    shown.push(waiting.length);
    if (waiting.length > count) throw new Error(`more than ${count}`);
  };
  return { check, shown };
}

test('rejections wait in order until they are taken', () => {
  const rejections = createRejections(atMost(9).check);
  rejections.add(first);
  rejections.add(second);
  expect(rejections.take()).toEqual([first, second]);
  expect(rejections.take()).toEqual([]);
});

test('each one is checked together with those that wait, not with those taken before', () => {
  const { check, shown } = atMost(1);
  const rejections = createRejections(check);
  rejections.add(first);
  rejections.take();
  rejections.add(second);
  expect(() => rejections.add(first)).toThrow('more than 1');
  expect(shown).toEqual([1, 1, 2]);
});

test('another check applies to those that wait and to all later ones', () => {
  const old = atMost(9);
  const rejections = createRejections(old.check);
  rejections.add(first);
  expect(() => rejections.checkWith(atMost(0).check)).toThrow('more than 0');
  const next = atMost(1);
  rejections.checkWith(next.check);
  expect(() => rejections.add(second)).toThrow('more than 1');
  expect({ old: old.shown, next: next.shown }).toEqual({ old: [1], next: [1, 2] });
});
