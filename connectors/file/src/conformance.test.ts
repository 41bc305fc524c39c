import { testConformance } from '@aries-data/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

testConformance(test, { name: 'file', ...connector }, suites, {
  skipped: [
    'source/secrets',
    'source/rate-limit',
    'source/retry',
    'source/refused',
    'source/memory',
    'destination/replace-interval',
    'destination/merge',
    'destination/duplicate-keys',
    'destination/key-updates',
    'destination/cursor-order',
    'destination/freeze',
    'destination/remade',
    'destination/deletes',
    'destination/compare',
    'destination/history',
    'source/deleted-keys',
    'source/changes',
    'source/positions',
    'source/letting-go',
  ],
});
