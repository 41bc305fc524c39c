import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonRecord } from '@aries-data/sdk';
import { defineConformance } from '@aries-data/testing';
import { openDatabase, tableOf } from './src/database.ts';

/** Runs each rule of `aries test` with a new database, and reads it back without Aries. */
export const destination = defineConformance({
  schemaless: true,
  async setup() {
    const folder = await mkdtemp(join(tmpdir(), 'my-destination-'));
    return {
      config: { path: join(folder, 'records.db') },
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    };
  },
  rows(target, { config }) {
    const database = openDatabase(config.path);
    try {
      const rows = database.prepare(`SELECT record FROM ${tableOf(target)} ORDER BY rowid`).all() as {
        record: string;
      }[];
      return rows.map(({ record }) => JSON.parse(record) as JsonRecord);
    } finally {
      database.close();
    }
  },
});
