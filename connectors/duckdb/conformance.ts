import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json, JsonRecord } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/testing';
import { DuckDBInstance } from '@duckdb/node-api';

async function temporaryDatabase() {
  const folder = await mkdtemp(join(tmpdir(), 'aries-duckdb-'));
  const path = join(folder, 'things.duckdb');
  return { path, config: { path }, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

async function query(path: string, sql: string): Promise<JsonRecord[]> {
  const instance = await DuckDBInstance.fromCache(path);
  const connection = await instance.connect();
  try {
    await connection.run(`SET TimeZone = 'UTC'`);
    const result = await connection.runAndReadAll(sql);
    const names = result.deduplicatedColumnNames();
    // A column may be called __proto__.
    return result
      .getRowsJson()
      .map((row) => Object.fromEntries(row.map((value, at) => [names[at], recordValue(value)])) as JsonRecord);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** DuckDB writes years before Christ as `0044-03-15 (BC)`. */
function recordValue(value: Json): Json {
  const [date, day, time] = (typeof value === 'string' && /^(\d+-\d\d-\d\d) \(BC\)(.*)$/s.exec(value)) || [];
  return date === undefined ? value : `${day}${time} BC`;
}

export const source = defineConformance({
  streams: [{ name: 'things', cursor: 'at', primaryKey: ['id'] }],
  async setup() {
    const world = await temporaryDatabase();
    await query(
      world.path,
      `CREATE TABLE things AS
       SELECT id, 'name ' || id AS name, TIMESTAMPTZ '2024-01-01 00:00:00+00' + INTERVAL 1 MINUTE * (id % 700) AS at
         FROM range(3000) AS r(id)`,
    );
    await query(world.path, 'ALTER TABLE things ADD PRIMARY KEY (id)');
    return world;
  },
  // Adds a row with the greatest cursor value and one beyond it, and changes one.
  async mutate(step, { path }) {
    await query(
      path,
      `INSERT INTO things SELECT 10000 + ${step}, 'late', max("at") FROM things
        UNION ALL SELECT 20000 + ${step}, 'new', max("at") + INTERVAL 1 SECOND FROM things`,
    );
    await query(
      path,
      `UPDATE things SET name = 'changed', "at" = (SELECT max("at") FROM things) + INTERVAL 1 SECOND WHERE id = ${step}`,
    );
  },
});

/** Reads rows with dates and date-times as DuckDB prints them, because the driver reads `infinity` as the year 5881580. */
async function rowsOf(path: string, target: string): Promise<JsonRecord[]> {
  const columns = await query(
    path,
    `SELECT column_name AS name, data_type AS type FROM duckdb_columns() WHERE table_name = '${target.replaceAll("'", "''")}'`,
  );
  const list = columns.map(({ name, type }) => {
    const column = quoted(String(name));
    return /^(?:DATE|TIMESTAMP)/.test(String(type)) ? `CAST(${column} AS VARCHAR) AS ${column}` : column;
  });
  return list.length === 0 ? [] : query(path, `SELECT ${list.join(', ')} FROM ${quoted(target)}`);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export const destination = defineConformance({
  setup: temporaryDatabase,
  rows: (target, { path }) => rowsOf(path, target),
  async remake(target, { path }) {
    await query(path, `CREATE OR REPLACE TABLE ${quoted(target)} AS FROM ${quoted(target)} LIMIT 0`);
  },
});
