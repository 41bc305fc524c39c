import { testConformance } from '@aries-data/testing';
import { describe, test } from 'vitest';
import { source } from '../conformance.ts';
import * as connector from './index.ts';

describe.each(['rest', 'bulk'])('%s', (api) => {
  const suites = { source: { ...source, config: { ...source.config, api } } };
  testConformance(test, { name: 'salesforce', ...connector }, suites, {
    skipped: ['source/memory', 'source/positions', 'source/letting-go'],
  });
});
