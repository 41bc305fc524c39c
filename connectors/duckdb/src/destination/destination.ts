import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { AriesError, defineDestination, type LoadSession, type LoadTarget, toAriesError } from '@aries-data/sdk';
import { type SqlConnection, sqlLoadSession } from '@aries-data/sql';
import { destinationConfig } from '../config.ts';
import { connect } from '../database.ts';
import { isBounded } from './column-types.ts';
import { duckdbDialect, type RequiredColumns } from './dialect.ts';
import { openSessionConnection } from './session-connection.ts';

/** Tables of a DuckDB database file. A load is one transaction: all of a dataset's streams and their ledger rows, or nothing. */
export const destination = defineDestination({
  config: destinationConfig,
  formats: ['csv'],
  dispositions: ['append', 'replace', 'replace-interval', 'merge'],
  delivery: 'transactional',

  async check({ config, signal }) {
    if ((await stat(config.path).catch(() => undefined)) === undefined) return checkFolder(resolve(config.path));
    (await connect(config, { readOnly: false, signal })).close();
  },

  async open({ config, log, signal, pipeline, concurrency }) {
    const required: RequiredColumns = new Map();
    return withCursorCheck(
      sqlLoadSession({
        dialect: duckdbDialect(required),
        connect: sharing(() => openSessionConnection({ config, required, signal })),
        schema: config.schema,
        pipeline,
        concurrency,
        lockTimeoutMs: config.lockTimeout * 1000,
        signal,
        log,
      }),
    );
  },
});

/** One connection for all who ask, until it is closed. */
function sharing(open: () => Promise<SqlConnection>): () => Promise<SqlConnection> {
  let current: Promise<SqlConnection> | undefined;
  return () => {
    current ??= open().then(
      (connection) => ({
        ...connection,
        async close() {
          current = undefined;
          await connection.close();
        },
      }),
      (error) => {
        current = undefined;
        throw error;
      },
    );
    return current;
  };
}

/** Refuses cursors whose order DuckDB does not know: decimals without bounds are kept as text there. */
function withCursorCheck(session: LoadSession): LoadSession {
  function check({ stream, fields, cursor, disposition }: LoadTarget): void {
    const field = fields.find(({ name }) => name === cursor);
    if (field?.kind !== 'decimal' || disposition === 'append' || disposition === 'replace') return;
    if (isBounded(field.schema)) return;
    throw new AriesError(
      'SCHEMA_CONFLICT',
      `DuckDB: the cursor "${cursor}" is a decimal without bounds, which has no order there`,
      {
        stream,
        hint: 'Cast it with the transform select to int64 or date-time, or take another cursor.',
      },
    );
  }
  return {
    ...session,
    inspect(target) {
      check(target);
      return session.inspect(target);
    },
  };
}

/** Throws `NOT_ALLOWED` where the file could not be made. */
async function checkFolder(path: string): Promise<void> {
  const folder = dirname(path);
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && folder !== dirname(folder)) return checkFolder(folder);
    throw toAriesError(error, { connector: 'duckdb' });
  }
}
