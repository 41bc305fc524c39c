import { expect, test } from 'vitest';
import { z } from 'zod';
import { parsePosition } from './position.ts';

const schema = z.object({ after: z.string().regex(/^\d+$/) });

test('a position is what its source has given, or there is none', () => {
  expect(parsePosition(schema, { after: '12' })).toEqual({ after: '12' });
  expect(parsePosition(schema, undefined)).toBeUndefined();
  expect(parsePosition(schema, null)).toBeUndefined();
});

test.each([[{ after: "1' OR '1'='1" }], [{ after: 1 }], [{}], ['x'], [[]]])('%j is refused with 65', (position) => {
  expect(() => parsePosition(schema, position as never)).toThrow(
    expect.objectContaining({ code: 'DATASET_CORRUPT', exitCode: 65, hint: expect.stringContaining('--force') }),
  );
});
