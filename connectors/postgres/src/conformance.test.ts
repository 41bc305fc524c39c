import { conformance } from '@aries-data/sdk/testing';
import { inject, test } from 'vitest';
import * as suites from '../conformance.ts';
import * as connector from './index.ts';

suites.useServer(inject('postgresUrl'));

for (const rule of conformance({ name: 'postgres', ...connector }, suites)) test(`${rule.id}: ${rule.title}`, rule.run);
