import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JsonRecord } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/testing';

/** How the rules are tried: each with a database of its own, read back without Aries. */
export const destination = defineConformance({
  async setup() {
    const folder = await mkdtemp(join(tmpdir(), 'aries-sqlite-'));
    const path = join(folder, 'things.db');
    return { path, config: { path }, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
  },
  rows: (target, { path }) => query(path, `SELECT * FROM ${quoted(target)}`),
  remake(target, { path }) {
    const database = new DatabaseSync(path);
    try {
      const row = database.prepare('SELECT sql FROM sqlite_schema WHERE name = ?').get(target);
      database.exec(`BEGIN; DROP TABLE ${quoted(target)}; ${String(row?.sql)}; COMMIT`);
    } finally {
      database.close();
    }
  },
});

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function query(path: string, sql: string): JsonRecord[] {
  const database = new DatabaseSync(path);
  try {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    // Arrays, for a column may be called __proto__.
    statement.setReturnArrays(true);
    const names = statement.columns().map(({ name }) => name);
    return statement.all().map((row) => {
      const values = Object.values(row);
      return Object.fromEntries(names.map((name, index) => [name, jsonOf(values[index])]));
    });
  } finally {
    database.close();
  }
}

function jsonOf(value: unknown): JsonRecord[string] {
  if (typeof value === 'bigint') return String(value);
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : (value as JsonRecord[string]);
}
