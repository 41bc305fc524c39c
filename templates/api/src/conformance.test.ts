import { testConformance } from '@aries-data/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

// Rules that do not apply. The test fails if another rule stops applying.
const skipped = [
  'source/restart',
  'source/memory',
  'source/deleted-keys',
  'source/changes',
  'source/positions',
  'source/letting-go',
];

testConformance(test, { name: 'my-api', ...connector }, suites, { skipped });
