import { conformance } from '@aries-data/sdk/testing';
import { describe, test } from 'vitest';
import * as suites from '../conformance.ts';
import * as transforms from './index.ts';

describe.each([
  { name: 'select', transform: transforms.select, suite: suites.select },
  { name: 'filter', transform: transforms.filter, suite: suites.filter },
  { name: 'flatten', transform: transforms.flatten, suite: suites.flatten },
  { name: 'dedupe', transform: transforms.dedupe, suite: suites.dedupe },
])('$name', ({ name, transform, suite }) => {
  for (const rule of conformance({ name, transform }, { transform: suite }))
    test(`${rule.id}: ${rule.title}`, rule.run);
});
