import { defineSource } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { literalSecrets } from './literal-secrets.ts';

const source = defineSource({
  config: z.object({
    user: z.string(),
    token: z.string().optional().meta({ secret: true }),
    url: z.string().optional(),
  }),
  streams: () => ({}),
});
const connector = { name: 'test', version: '1.0.0', source };

test('a secret is literal unless it is a reference', () => {
  expect(literalSecrets(connector, { user: 'u', token: 'abc123' })).toContain('abc123');
  expect(literalSecrets(connector, { token: 'abc123' })).toContain('abc123');
  expect(literalSecrets(connector, { user: 'u', url: 'postgres://u:hunter22@host/db' })).toContain('hunter22');
  expect(literalSecrets(connector, { user: 'u', token: `\${env:TOKEN}` })).toEqual([]);
  expect(literalSecrets(connector, { user: 'u', url: `postgres://u:\${env:PASSWORD}@host/db` })).toEqual([]);
  expect(literalSecrets(connector, { user: 'u' })).toEqual([]);
});
