import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { JsonRecord } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/testing';

const day = (number: number) => `2026-01-${String(number).padStart(2, '0')}`;

/** How `aries test` tries the source: with a database of some thousand rows. */
export const source = defineConformance({
  streams: [{ name: 'orders', cursor: 'at' }],
  async setup() {
    const file = await temporaryFile();
    const database = new DatabaseSync(file.path);
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, at TEXT NOT NULL)');
    const add = database.prepare('INSERT INTO orders VALUES (?, ?, ?)');
    database.exec('BEGIN');
    for (let id = 1; id <= 3000; id++) add.run(id, `customer ${id}`, day(1 + (id % 9)));
    database.exec('COMMIT');
    return {
      database,
      add,
      config: { path: file.path },
      async [Symbol.asyncDispose]() {
        database.close();
        await file.remove();
      },
    };
  },
  // Each step changes one row and adds two, one of them at the greatest date that is there.
  mutate(step, { database, add }) {
    database.exec(`UPDATE orders SET at = '${day(9 + step)}' WHERE id = ${step}`);
    add.run(4000 + step, 'at the boundary', day(8 + step));
    add.run(5000 + step, 'new', day(9 + step));
  },
});

/** How `aries test` tries the destination: each rule with a database of its own, read back without Aries. */
export const destination = defineConformance({
  async setup() {
    const file = await temporaryFile();
    return { path: file.path, config: { path: file.path }, [Symbol.asyncDispose]: () => file.remove() };
  },
  rows: (target, { path }) => query(path, `SELECT * FROM ${quoted(target)}`),
  // Drops a table and creates it again, empty, as somebody might do behind the back of Aries.
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

async function temporaryFile(): Promise<{ path: string; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'my-database-'));
  return { path: join(folder, 'shop.db'), remove: () => rm(folder, { recursive: true }) };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function query(path: string, sql: string): JsonRecord[] {
  const database = new DatabaseSync(path);
  try {
    const statement = database.prepare(sql);
    statement.setReadBigInts(true);
    // Arrays, because a column may be called __proto__.
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
