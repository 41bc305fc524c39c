import { testConformance } from '@aries-data/testing';
import { describe, test } from 'vitest';
import * as suites from '../conformance.ts';
import * as transforms from './index.ts';

describe.each([
  { name: 'select', transform: transforms.select, suite: suites.select },
  { name: 'filter', transform: transforms.filter, suite: suites.filter },
  { name: 'flatten', transform: transforms.flatten, suite: suites.flatten },
  { name: 'dedupe', transform: transforms.dedupe, suite: suites.dedupe, skipped: ['transform/streaming'] },
])('$name', ({ name, transform, suite, skipped = [] }) => {
  testConformance(test, { name, transform }, { transform: suite }, { skipped });
});
