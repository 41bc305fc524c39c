import { testConformance } from '@aries-data/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

testConformance(test, { name: 'mailchimp', ...connector }, suites, {
  skipped: ['source/memory', 'source/deleted-keys', 'source/changes', 'source/positions', 'source/letting-go'],
});
