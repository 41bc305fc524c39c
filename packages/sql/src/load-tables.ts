import { randomBytes } from 'node:crypto';
import type { Log } from '@aries-data/sdk';
import type { SqlConnection, SqlDialect } from './dialect.ts';

/** Every load table's name begins so; the session's token and a number follow. */
const PREFIX = '_aries_load_';

/** The load tables of one session: named so that nobody else's are touched, and that a dead session's are found. */
export interface LoadTables {
  /** A name for the next; it is dropped at the end whether or not it was made. */
  next(): string;
  /** It is the target now, or gone. */
  forget(name: string): void;
  /** Says that this session lives, and drops what dead ones left behind. */
  claim(connection: SqlConnection): Promise<void>;
  drop(connection: SqlConnection): Promise<void>;
  readonly left: boolean;
}

export function createLoadTables({
  dialect,
  schema,
  log,
}: {
  dialect: SqlDialect;
  schema: string;
  log: Log;
}): LoadTables {
  const token = randomBytes(6).toString('hex');
  const names = new Set<string>();
  let claimed: Promise<void> | undefined;
  let count = 0;
  // Held for as long as the connection lives: who can take it knows that the session is dead.
  const lockOf = (owner: string) => `${schema} ${PREFIX}${owner}`;
  const drop = (connection: SqlConnection, name: string) =>
    connection.run(`DROP TABLE IF EXISTS ${dialect.table(schema, name)}`);

  async function claim(connection: SqlConnection): Promise<void> {
    await connection.lock(lockOf(token), 0);
    const found = (await connection.tableNames(PREFIX)).toSorted();
    for (const owner of new Set(found.map((name) => name.slice(PREFIX.length).split('_', 1)[0]!))) {
      if (owner === token || !(await connection.lock(lockOf(owner), 0))) continue;
      for (const name of found.filter((candidate) => candidate.startsWith(`${PREFIX}${owner}_`))) {
        try {
          await drop(connection, name);
          log.info(`Dropped ${name}, which an interrupted load left behind`);
        } catch (error) {
          log.warn(`Could not drop ${name}, which an interrupted load left behind: ${(error as Error).message}`);
        }
      }
      await connection.unlock(lockOf(owner));
    }
  }

  return {
    next() {
      const name = `${PREFIX}${token}_${++count}`;
      names.add(name);
      return name;
    },
    forget: (name) => void names.delete(name),
    claim(connection) {
      claimed ??= claim(connection);
      return claimed;
    },
    async drop(connection) {
      for (const name of names) {
        await drop(connection, name);
        names.delete(name);
      }
    },
    get left() {
      return names.size > 0;
    },
  };
}
