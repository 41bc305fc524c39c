import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { defineDestination, toAriesError } from '@aries-data/sdk';
import { sqlLoadSession } from '@aries-data/sql';
import { destinationConfig } from '../config.ts';
import { connect } from '../database.ts';
import { duckdbDialect } from './dialect.ts';
import { openSessionConnection } from './session-connection.ts';

/** Loads tables of a DuckDB file. A load is one transaction: all streams of a dataset and their ledger rows, or nothing. */
export const destination = defineDestination({
  config: destinationConfig,
  formats: ['csv'],
  dispositions: ['append', 'replace', 'replace-interval', 'merge', 'history'],
  deletes: ['hard', 'soft'],
  delivery: 'transactional',

  async check({ config, signal }) {
    if ((await stat(config.path).catch(() => undefined)) === undefined) return checkFolder(resolve(config.path));
    (await connect(config, { readOnly: false, signal })).close();
  },

  async open({ config, log, signal, pipeline, concurrency }) {
    return sqlLoadSession({
      dialect: duckdbDialect,
      connect: () => openSessionConnection({ config, signal }),
      schema: config.schema,
      pipeline,
      concurrency,
      lockTimeoutMs: config.lockTimeout * 1000,
      signal,
      log,
    });
  },
});

/** Throws `NOT_ALLOWED` if the file could not be made. */
async function checkFolder(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && folder !== dirname(folder)) return checkFolder(folder);
    throw toAriesError(error, { connector: 'duckdb' });
  }
}
