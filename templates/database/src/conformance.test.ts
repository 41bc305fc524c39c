import { conformance } from '@aries-data/sdk/testing';
import { test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

const rules = conformance({ name: 'my-database', ...connector }, suites);

for (const rule of rules) test(`${rule.id}: ${rule.title}`, rule.run);
