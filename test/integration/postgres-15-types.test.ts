import { describe, inject, test } from 'vitest';
import { describeTypes } from '../../connectors/postgres/src/testing/type-suite.ts';

const postgres15 = inject('postgres15');

describe('PostgreSQL 15', () => {
  if (postgres15.state === 'ready') return describeTypes(postgres15.url);
  test('starts', ({ skip }) => {
    if (postgres15.state === 'missing') skip(postgres15.reason);
    throw new Error(postgres15.reason);
  });
});
