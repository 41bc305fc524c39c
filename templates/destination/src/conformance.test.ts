import { testConformance } from '@aries-data/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

// Rules that do not apply. The test fails if another rule stops applying.
const skipped = [
  'destination/replace-interval',
  'destination/merge',
  'destination/deletes',
  'destination/compare',
  'destination/history',
  'destination/duplicate-keys',
  'destination/key-updates',
  'destination/cursor-order',
  'destination/freeze',
  'destination/remade',
];

testConformance(test, { name: 'my-destination', ...connector }, suites, { skipped });
