import { connectorOf } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import * as transforms from './index.ts';

const SUBPATHS: Record<string, Record<string, unknown>> = {
  dedupe: await import('@aries-data/transforms/dedupe'),
  filter: await import('@aries-data/transforms/filter'),
  flatten: await import('@aries-data/transforms/flatten'),
  select: await import('@aries-data/transforms/select'),
};

test('each transform is a connector with its own subpath', () => {
  const bySubpath = Object.entries(SUBPATHS).map(([name, exports]) => {
    return [name, connectorOf(exports, { name, version: '0.1.0' }).transform];
  });
  expect(Object.fromEntries(bySubpath)).toEqual({ ...transforms });
});

test.each(Object.entries(transforms))('every option of %s has a description', (_name, transform) => {
  const { properties } = z.toJSONSchema(transform.config!, { io: 'input' });
  const silent = Object.entries(properties!).filter(
    ([, option]) => (option as { description?: string }).description === undefined,
  );
  expect(silent).toEqual([]);
});
