import { conformance } from '@aries-data/sdk/testing';
import { describe, test } from 'vitest';
import { source } from '../conformance.ts';
import * as connector from './index.ts';

describe.each(['rest', 'bulk'])('%s', (api) => {
  const suites = { source: { ...source, config: { ...source.config, api } } };
  for (const rule of conformance({ name: 'salesforce', ...connector }, suites))
    test(`${rule.id}: ${rule.title}`, rule.run);
});
