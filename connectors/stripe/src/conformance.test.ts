import { testConformance } from '@aries-data/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

testConformance(test, { name: 'stripe', ...connector }, suites, {
  skipped: ['source/memory', 'source/positions', 'source/letting-go'],
});
