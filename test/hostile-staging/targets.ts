import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Connector } from '@aries-data/sdk';
import { DuckDBInstance } from '@duckdb/node-api';
import pg from 'pg';
import * as duckdb from '../../connectors/duckdb/src/index.ts';
import * as file from '../../connectors/file/src/index.ts';
import * as postgres from '../../connectors/postgres/src/index.ts';
import { freshDatabase } from '../services/database.ts';

/** A target, and its state as seen from outside. */
export interface Target {
  use: { connector: Connector; config: Record<string, unknown> };
  /** Everything except the ledger: tables with their rows, defaults and checks, or the records of files. */
  contents(): Promise<string>;
  /** Restores the state before the first load. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** Reads a row as text, independent of its column types, which hostile schemas can choose. */
function said(row: object): string {
  const values = Object.entries(row).map(([name, value]): [string, string] => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return [name, /^\d{4}-\d\d-\d\d[T ]/.test(text) ? new Date(text).toISOString() : text];
  });
  return JSON.stringify(Object.fromEntries(values.sort(([a], [b]) => (a < b ? -1 : 1))));
}

const connector = (name: string, parts: object) => ({ name, version: '0', ...parts }) as Connector;

export async function postgresTarget(): Promise<Target> {
  const { url } = await freshDatabase();
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`CREATE TABLE canary AS SELECT 'canary'::text AS word; CREATE SCHEMA load`);
  return {
    use: { connector: connector('postgres', postgres), config: { url, schema: 'load' } },
    async contents() {
      const { rows } = await client.query<{ table: string; more: string[] }>(
        `SELECT c.oid::regclass::text AS table,
                ARRAY(SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = c.oid)
                  || ARRAY(SELECT pg_get_constraintdef(k.oid) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') AS more
           FROM pg_class c
          WHERE c.relkind IN ('r', 'v', 'm') AND c.relnamespace::regnamespace::text !~ '^(pg_|information_schema)' AND c.relname !~ '^_aries_'
          ORDER BY 1`,
      );
      const tables = [];
      for (const { table, more } of rows) {
        const found = await client.query<{ row: object }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
        tables.push({ table, more, rows: found.rows.map(({ row }) => said(row)).sort() });
      }
      return JSON.stringify(tables);
    },
    async clear() {
      await client.query('DROP SCHEMA load CASCADE; CREATE SCHEMA load');
    },
    close: () => client.end(),
  };
}

export async function duckdbTarget(folder: string): Promise<Target> {
  const path = join(folder, 'target.duckdb');
  return {
    use: { connector: connector('duckdb', duckdb), config: { path } },
    async contents() {
      const instance = await DuckDBInstance.create(existsSync(path) ? path : ':memory:');
      const connection = await instance.connect();
      try {
        const rowsOf = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJS();
        const names = await rowsOf(
          `SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT starts_with(table_name, '_aries_') ORDER BY 1`,
        );
        const tables = [];
        for (const [table] of names) {
          const rows = await rowsOf(`SELECT to_json(t)::VARCHAR FROM "${table}" t`);
          tables.push({ table, rows: rows.map(([row]) => said(JSON.parse(String(row)))).sort() });
        }
        return JSON.stringify(tables);
      } finally {
        connection.closeSync();
        instance.closeSync();
      }
    },
    async clear() {
      await rm(path, { force: true });
      await rm(`${path}.wal`, { force: true });
    },
    async close() {},
  };
}

export async function fileTarget(folder: string): Promise<Target> {
  const path = join(folder, 'target');
  return {
    use: { connector: connector('file', file), config: { path, format: 'ndjson' } },
    async contents() {
      if (!existsSync(path)) return '[]';
      const files = await readdir(path, { recursive: true, withFileTypes: true });
      const texts = files
        .filter((one) => one.isFile() && !relative(path, one.parentPath).startsWith('_aries'))
        .map((one) => readFile(join(one.parentPath, one.name), 'utf8'));
      const lines = (await Promise.all(texts)).flatMap((text) => text.split('\n')).filter((line) => line !== '');
      return JSON.stringify(lines.map((line) => said(JSON.parse(line))).sort());
    },
    clear: () => rm(path, { recursive: true, force: true }),
    async close() {},
  };
}
