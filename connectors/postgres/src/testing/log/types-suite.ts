import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runHere } from '../../../../../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from '../../../../../test/folders/temporary-folder.ts';
import type { PostgresServer } from '../../../../../test/services/postgres-server.ts';
import { sql } from '../harness.ts';
import { hostileRoles } from '../hostile-roles.ts';
import { COLUMNS, makeTable, ROWS } from '../type-source.ts';
import type { StartServer } from './log-database.ts';

/** What of the type table the log has in another form than COPY: its xml comes without a declaration that says nothing. */
const OTHERWISE: Record<string, (text: string) => string> = {
  xml: (text) => text.replace('<?xml version="1.0"?>', ''),
};

/**
 * Declares tests of the type table: each value is inserted, and then updated, after an empty first read, and so comes out of the log. Both
 * ends connect as roles with the worst possible settings.
 */
export function describeLogTypes(start: StartServer): void {
  let server: PostgresServer;
  let client: pg.Client;
  let roles: Awaited<ReturnType<typeof hostileRoles>>;
  let present: Set<string>;

  beforeAll(async () => {
    server = await start();
    const url = await server.createDatabase();
    roles = await hostileRoles(url);
    present = new Set((await makeTable(url, 'filled')).map(({ column }) => column));
    await sql(
      url,
      'CREATE SCHEMA source',
      'CREATE SCHEMA target',
      'CREATE TABLE source.everything (LIKE filled.everything INCLUDING ALL)',
    );
    const folder = await temporaryFolder();
    const file = join(folder, 'pipeline.json');
    await writeFile(
      file,
      JSON.stringify({
        name: 'types',
        source: { use: 'postgres', config: { url: roles.reader, schema: 'source', mode: 'log', slot: 'aries_types' } },
        destination: { use: 'postgres', config: { url: roles.writer, schema: 'target' } },
        staging: pathToFileURL(join(folder, 'staging')).href,
      }),
    );
    const go = async (run: string) => {
      const { code, stdout, stderr } = await runHere(['run', file, '--run-id', run]);
      expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
    };
    await go('first');
    await sql(url, 'INSERT INTO source.everything SELECT * FROM filled.everything');
    await go('inserted');
    // A key that changes brings each value once more, and large ones not at all.
    await sql(url, 'UPDATE source.everything SET id = id + 1000 WHERE id % 2 = 0');
    await go('moved');
    client = new pg.Client(url);
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await server.stop();
  });

  test('every row arrives', async () => {
    const { rows } = await client.query('SELECT count(*)::int AS rows FROM target.everything');
    expect(rows).toEqual([{ rows: ROWS }]);
    expect(present.size).toBeGreaterThan(90);
  });

  describe.each(COLUMNS.map((row): [string, string] => [row.type, row.column]))('%s', (type, column) => {
    test('has the same values', async () => {
      if (!present.has(column)) return;
      const { rows } = await client.query<{ source: string | null; target: string | null }>(
        `SELECT a.${column}::text AS source, b.${column}::text AS target
           FROM source.everything a FULL JOIN target.everything b USING (id)
          WHERE ROW(a.${column})::record OPERATOR(pg_catalog.*<>) ROW(b.${column})::record
             OR a.${column}::text COLLATE "C" IS DISTINCT FROM b.${column}::text COLLATE "C"`,
      );
      const otherwise = OTHERWISE[type];
      const differing = rows.filter(({ source, target }) => otherwise?.(source!) !== target);
      expect(differing.map(({ source, target }) => [source?.slice(0, 100), target?.slice(0, 100)])).toEqual([]);
      // Nor are there more than known.
      expect(rows.length).toBeLessThanOrEqual(otherwise === undefined ? 0 : 1);
    });
  });
}
