import { testConformance } from '@aries-data/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

testConformance(test, { name: 'hubspot', ...connector }, suites, {
  skipped: ['source/restart', 'source/memory', 'source/positions', 'source/letting-go'],
});
