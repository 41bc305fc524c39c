import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { presentDryRun } from './dry-run.ts';

const PAGE = { width: 80, hide: (text: string) => text };

test('a dry run is shown with windows, lanes and schema changes', () => {
  const text = presentDryRun(
    {
      ok: true,
      name: 'shop',
      steps: ['extract', 'dedupe', 'load'],
      streams: [
        {
          stream: 'users',
          target: 'users',
          mode: 'incremental',
          window: { since: '2026-01-01T00:00:00Z' },
          lane: { extract: 'byte', load: 'byte' },
          format: 'csv',
          disposition: 'merge',
          changes: ['add column "age" integer'],
        },
        {
          stream: 'orders',
          target: 'sales',
          mode: 'full',
          window: {},
          lane: { extract: 'record', load: 'record' },
          format: 'ndjson',
          disposition: 'replace',
          changes: null,
        },
      ],
    },
    PAGE,
  );
  expect(stripVTControlCharacters(text)).toMatchInlineSnapshot(`
    "shop would run extract → dedupe → load

    STREAM  READ                           LANES                     APPLIED
    users   incremental from               byte → csv → byte         merge → users
            2026-01-01T00:00:00Z
    orders  full                           record → ndjson → record  replace → sales

    Schema changes:
      users: add column "age" integer
      sales: known once the records are"
  `);
});
