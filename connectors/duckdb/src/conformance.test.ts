import { testConformance } from '@aries-data/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

testConformance(test, { name: 'duckdb', ...connector }, suites, {
  skipped: [
    'source/restart',
    'source/secrets',
    'source/rate-limit',
    'source/retry',
    'source/refused',
    'source/memory',
    'source/deleted-keys',
    'source/changes',
    'source/positions',
    'source/letting-go',
  ],
});
