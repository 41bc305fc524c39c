import { testConformance } from '@aries-data/testing';
import { inject, test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

suites.useServer(inject('postgresUrl'));

testConformance(test, { name: 'postgres', ...connector }, suites, {
  skipped: [
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
