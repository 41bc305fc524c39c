import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonRecord } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/sdk/testing';
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
      .map((row) => Object.fromEntries(row.map((value, at) => [names[at], value])) as JsonRecord);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
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
  // One more at the greatest cursor value, one beyond it, and one that changes.
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

export const destination = defineConformance({
  setup: temporaryDatabase,
  rows: (target, { path }) => query(path, `SELECT * FROM "${target.replaceAll('"', '""')}"`),
});
