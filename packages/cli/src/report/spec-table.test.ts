import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { presentSpec } from './spec-table.ts';

const PAGE = { width: 80, hide: (text: string) => text };

test('options are a table, nested ones with their path', () => {
  const text = presentSpec(
    {
      ok: true,
      connector: 'demo',
      version: '1.0.0',
      source: {
        config: {
          type: 'object',
          required: ['url'],
          properties: {
            url: { type: 'string', description: 'Where it is', secret: true },
            format: { enum: ['csv', 'json'], default: 'csv' },
            tags: { type: 'array', items: { type: 'string' } },
            login: { type: 'object', properties: { user: { anyOf: [{ type: 'string' }, { type: 'null' }] } } },
          },
        },
      },
      transform: { config: { type: 'object', properties: {} }, scope: 'batch' },
    },
    PAGE,
  );
  expect(stripVTControlCharacters(text)).toMatchInlineSnapshot(`
    "demo 1.0.0

    Source
    OPTION      TYPE            DEFAULT
    url         string                   (required, secret) Where it is
    format      "csv" | "json"  "csv"
    tags        string[]
    login       object
    login.user  string | null

    Transform (scope batch)
    No options."
  `);
});
