/**
 * Copies a table in the obvious way in Node: streams a query's rows as objects and writes each as a line to COPY.
 *
 *     node bench/naive.ts SOURCE_URL TABLE TARGET_URL TABLE
 */
import { createRequire } from 'node:module';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import QueryStream from 'pg-query-stream';

const ofPostgres = createRequire(new URL('../connectors/postgres/package.json', import.meta.url));
const { from } = ofPostgres('pg-copy-streams') as { from(sql: string): pg.Submittable & Writable };

const [sourceUrl = '', sourceTable = '', targetUrl = '', targetTable = ''] = process.argv.slice(2);
const [source, target] = [new pg.Client(sourceUrl), new pg.Client(targetUrl)];
await Promise.all([source.connect(), target.connect()]);

const text = (value: unknown): string => {
  if (value === null) return '';
  const written = value instanceof Date ? value.toISOString() : String(value);
  return /[",\n\r]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
};
const rows = source.query(new QueryStream(`SELECT * FROM ${sourceTable}`));
const lines = new Transform({
  writableObjectMode: true,
  transform(row: Record<string, unknown>, _, done) {
    row.name = String(row.name).toUpperCase();
    done(null, `${Object.values(row).map(text).join(',')}\n`);
  },
});
await pipeline(rows, lines, target.query(from(`COPY ${targetTable} FROM STDIN (FORMAT csv)`)));
await Promise.all([source.end(), target.end()]);
