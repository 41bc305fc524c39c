import { AriesError } from '@aries-data/sdk';
import pg from 'pg';
import type { SourceConfig } from '../config.ts';
import { query, type Session } from '../connect/connect.ts';
import { sqlStateOf } from '../errors.ts';
import { type LogCatalog, publicationOf } from './log-table.ts';

/**
 * Sees to it that all these tables are in the publication. The pipeline's own is made, or extended. One that the config names is left as
 * it is. Throws `CONFIG_INVALID` (78) or `NOT_ALLOWED` (77), with the statement to run. Returns true if it changed anything.
 */
export async function publish(
  session: Session,
  config: SourceConfig,
  { publication, tables, version }: LogCatalog,
): Promise<boolean> {
  const name = pg.escapeIdentifier(publicationOf(config));
  const absent = [...tables.values()].filter(({ published }) => published === undefined);
  const list = absent
    .map((table) => `${pg.escapeIdentifier(config.schema)}.${pg.escapeIdentifier(table.name)}`)
    .join(', ');
  const create = `CREATE PUBLICATION ${name} FOR TABLE ${list} WITH (publish_via_partition_root = true${version >= 180_000 ? ', publish_generated_columns = stored' : ''})`;
  if (publication === undefined) {
    if (config.publication !== undefined) throw missing(publicationOf(config), create);
    await run(session, create);
    return true;
  }
  checkOperations(publication);
  if (absent.length === 0) return false;
  const add = `ALTER PUBLICATION ${name} ADD TABLE ${list}`;
  if (config.publication === undefined) {
    await run(session, add);
    return true;
  }
  const names = absent.map((table) => `"${table.name}"`).join(', ');
  const needsRoot = !publication.viaRoot && absent.some(({ kind }) => kind === 'p');
  throw new AriesError('CONFIG_INVALID', `Postgres: the publication "${publication.name}" does not have ${names}`, {
    hint: needsRoot
      ? `Partitioned tables are read as one. Run ALTER PUBLICATION ${name} SET (publish_via_partition_root = true), and ADD TABLE if they are not in it.`
      : `Run ${add}.`,
  });
}

/** Throws `CONFIG_INVALID` if the publication does not exist or leaves out operations. */
export function checkPublication(config: SourceConfig, { publication }: LogCatalog): void {
  const name = publicationOf(config);
  if (publication === undefined) throw missing(name, `CREATE PUBLICATION ${pg.escapeIdentifier(name)} FOR TABLE …`);
  checkOperations(publication);
}

function checkOperations({ name, lacks }: NonNullable<LogCatalog['publication']>): void {
  if (lacks.length === 0) return;
  throw new AriesError('CONFIG_INVALID', `Postgres: the publication "${name}" leaves out ${lacks.join(', ')}`, {
    hint: `Run ALTER PUBLICATION ${pg.escapeIdentifier(name)} SET (publish = 'insert, update, delete, truncate').`,
  });
}

function missing(name: string, create: string): AriesError {
  return new AriesError('CONFIG_INVALID', `Postgres: there is no publication "${name}"`, { hint: `Run ${create}.` });
}

async function run(session: Session, statement: string): Promise<void> {
  try {
    await query(session, statement);
  } catch (error) {
    // Two runs may do the same at once.
    if (sqlStateOf(error) === '42710') return;
    if (sqlStateOf(error) !== '42501') throw error;
    throw new AriesError('NOT_ALLOWED', `Postgres: this role cannot publish the tables: ${(error as Error).message}`, {
      cause: (error as Error).cause,
      hint: `Let the owner of the tables run ${statement}; the option "publication" is then not needed.`,
    });
  }
}
