import { randomBytes } from 'node:crypto';
import type { Log } from '@aries-data/sdk';
import type { SqlConnection } from './connection.ts';
import type { SqlDialect } from './dialect.ts';

/** The start of a load table's name. The session's token and a number follow. */
const PREFIX = '_aries_load_';

/** The load tables of one session. Their names tell which session they belong to, so those of a killed one can be found. */
export interface LoadTables {
  /** Names the next one. It is dropped at the end even if it was never created. */
  next(): string;
  /** Keeps a table from being dropped: it is the target now. */
  forget(name: string): void;
  /** Marks this session as alive, and drops the load tables of killed ones. */
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
  // Held as long as the connection lives. If another session can take it, its owner is dead.
  const lockOf = (owner: string) => `${schema} ${PREFIX}${owner}`;
  const drop = (connection: SqlConnection, name: string) =>
    connection.run(`DROP TABLE IF EXISTS ${dialect.table(schema, name)}`);

  async function claim(connection: SqlConnection): Promise<void> {
    if (connection.tableNames === undefined || connection.lock === undefined) return;
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
      await connection.unlock?.(lockOf(owner));
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
