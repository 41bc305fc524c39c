import type { SQLInputValue } from 'node:sqlite';
import type { JsonRecord, ReadContext } from '@aries-data/sdk';
import type { z } from 'zod';
import type { sourceConfig } from '../config.ts';
import { openDatabase, quoted } from '../database.ts';
import type { Column, Table } from './tables.ts';

const BATCH = 1000;

/** Reads a table in batches: all of it, or the rows in the window of a cursor. */
export async function* readTable(
  table: Table,
  { config: { path }, window, cursor, signal }: ReadContext<z.output<typeof sourceConfig>>,
): AsyncGenerator<JsonRecord[]> {
  const { where, values } = conditionOf(
    window,
    table.columns.find(({ name }) => name === cursor),
  );
  const selected = table.columns.map((column) => expressionOf(column)).join(', ');
  const database = openDatabase(path, { readOnly: true });
  try {
    const statement = database.prepare(`SELECT ${selected} FROM ${quoted(table.name)}${where}`);
    // Integers past 2^53 would lose digits as numbers.
    statement.setReadBigInts(true);
    let batch: JsonRecord[] = [];
    for (const row of statement.iterate(...values)) {
      batch.push(recordOf(row));
      if (batch.length < BATCH) continue;
      yield batch;
      signal.throwIfAborted();
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    database.close();
  }
}

/** Rows without a cursor value are read in any case: the engine decides what to do with them. */
function conditionOf(
  { since, until }: { since?: string; until?: string },
  cursor: Column | undefined,
): { where: string; values: SQLInputValue[] } {
  if (cursor === undefined || (since === undefined && until === undefined)) return { where: '', values: [] };
  const bounds = [
    ...(since === undefined ? [] : [{ operator: '>=', value: since }]),
    ...(until === undefined ? [] : [{ operator: '<', value: until }]),
  ];
  const name = quoted(cursor.name);
  const conditions = bounds.map(({ operator }) => `${name} ${operator} ?`).join(' AND ');
  const values = bounds.map(({ value }) => (cursor.kind === 'int64' ? BigInt(value) : value));
  return { where: ` WHERE (${conditions}) OR ${name} IS NULL`, values };
}

/** What has no type of its own is read as the text that SQLite makes of it. */
function expressionOf({ name, kind }: Column): string {
  return kind === 'string' ? `CAST(${quoted(name)} AS TEXT) AS ${quoted(name)}` : quoted(name);
}

function recordOf(row: Record<string, unknown>): JsonRecord {
  const record: JsonRecord = {};
  for (const name in row) {
    const value = row[name];
    if (typeof value === 'bigint') record[name] = String(value);
    else if (value instanceof Uint8Array) record[name] = Buffer.from(value).toString('base64');
    else record[name] = value as string | number | null;
  }
  return record;
}
