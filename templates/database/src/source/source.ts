import { defineSource } from '@aries-data/sdk';
import { sourceConfig } from '../config.ts';
import { openDatabase } from '../database.ts';
import { readTable } from './read-table.ts';
import { schemaOf, tablesOf } from './tables.ts';

export const source = defineSource({
  config: sourceConfig,
  // Run by `aries check`: it fails if the database cannot be opened and read.
  async check({ config }) {
    const database = openDatabase(config.path, { readOnly: true });
    try {
      tablesOf(database);
    } finally {
      database.close();
    }
  },
  // Discovered: one stream for each table that the database has.
  streams({ config, stream }) {
    const database = openDatabase(config.path, { readOnly: true });
    try {
      const tables = tablesOf(database).map((table) => [
        table.name,
        stream({
          schema: schemaOf(table),
          primaryKey: table.columns.filter(({ inKey }) => inKey).map(({ name }) => name),
          read: (context) => readTable(table, context),
        }),
      ]);
      return Object.fromEntries(tables);
    } finally {
      database.close();
    }
  },
});
