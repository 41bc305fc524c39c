import { AriesError, defineDestination, type LoadSession, type LoadTarget } from '@aries-data/sdk';
import { type SqlConnection, sqlLoadSession } from '@aries-data/sql';
import { z } from 'zod';
import { openConnection } from './connection.ts';
import { sqliteDialect } from './dialect.ts';

/** Tables of a SQLite database. A load is one transaction: all of a dataset's streams and their ledger rows, or nothing. */
export const destination = defineDestination({
  config: z.object({
    path: z.string().min(1).describe('The file of the SQLite database; it is made where it does not exist.'),
    lockTimeout: z
      .number()
      .min(0)
      .default(60)
      .describe('How long to wait for another load into the same database, seconds.'),
  }),
  // No staged format is taken as it is: records come in batches.
  formats: [],
  dispositions: ['append', 'replace', 'replace-interval', 'merge'],
  delivery: 'transactional',

  async check({ config }) {
    await (await openConnection(config.path)).close();
  },

  open: async ({ config, pipeline, concurrency, signal, log }) =>
    refusingDecimalCursors(
      sqlLoadSession({
        dialect: sqliteDialect,
        connect: oneConnection(() => openConnection(config.path)),
        schema: 'main',
        pipeline,
        concurrency,
        lockTimeoutMs: config.lockTimeout * 1000,
        signal,
        log,
      }),
    ),
});

/** SQLite has one writer at a time, so whoever asks for a connection gets the same one, until it is closed. */
export function oneConnection(open: () => Promise<SqlConnection>): () => Promise<SqlConnection> {
  let current: Promise<SqlConnection> | undefined;
  return () => {
    current ??= open().then((connection) => ({
      ...connection,
      async close() {
        current = undefined;
        await connection.close();
      },
    }));
    return current;
  };
}

/** Decimals are kept as text, to be exact, and texts of numbers have another order than the numbers. */
function refusingDecimalCursors(session: LoadSession): LoadSession {
  function check({ stream, fields, cursor, disposition }: LoadTarget): void {
    const field = fields.find(({ name }) => name === cursor);
    if (field?.kind !== 'decimal' || disposition === 'append' || disposition === 'replace') return;
    throw new AriesError('SCHEMA_CONFLICT', `SQLite: the cursor "${cursor}" is a decimal, which has no order there`, {
      stream,
      hint: 'Cast it to int64 or date-time with the transform select, or choose another cursor.',
    });
  }
  return {
    ...session,
    async inspect(target) {
      check(target);
      return session.inspect(target);
    },
  };
}
