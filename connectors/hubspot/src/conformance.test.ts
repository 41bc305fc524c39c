import { conformance } from '@aries-data/sdk/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

for (const rule of conformance({ name: 'hubspot', ...connector }, suites)) test(`${rule.id}: ${rule.title}`, rule.run);
