import { expect, test } from 'vitest';
import { z } from 'zod';
import { positionOf } from './position.ts';

const stream = { position: z.object({ after: z.string().regex(/^\d+$/) }) };

test('a position matches the schema of its stream, or is dropped', () => {
  expect(positionOf(stream, { after: '12' })).toEqual({ position: { after: '12' } });
  expect(positionOf(stream, undefined)).toEqual({ position: undefined });
  expect(positionOf(stream, null)).toEqual({ position: undefined });
  expect(positionOf({}, ['anything'])).toEqual({ position: ['anything'] });
});

test.each([[{ after: "1' OR '1'='1" }], [{ after: 1 }], [{}], ['x'], [[]]])('%j does not fit', (position) => {
  expect(positionOf(stream, position)).toEqual({ position: undefined, fault: expect.any(String) });
});
