import { AriesError } from '@aries-data/sdk';
import { query, type Session } from '../connect/connect.ts';

const SERVER = `
SELECT current_setting('wal_level') AS level, current_setting('server_encoding') AS encoding,
       current_setting('server_version_num')::int AS version, pg_catalog.pg_is_in_recovery() AS standby`;

/** Throws `CONFIG_INVALID` if the server's log cannot be read. */
export async function checkServer(session: Session): Promise<void> {
  const { rows } = await query<{ level: string; encoding: string; version: number; standby: boolean }>(session, SERVER);
  const { level, encoding, version, standby } = rows[0]!;
  const refuse = (why: string, hint: string) => {
    throw new AriesError('CONFIG_INVALID', `Postgres: the log of this server cannot be read: ${why}`, { hint });
  };
  if (version < 150_000) refuse('it is older than PostgreSQL 15', 'Use mode: cursor.');
  if (standby) refuse('it is a standby', 'Connect to the primary.');
  if (level !== 'logical')
    refuse(`wal_level is ${level}`, 'Run ALTER SYSTEM SET wal_level = logical, then restart the server.');
  if (encoding === 'SQL_ASCII') refuse('the database has no encoding (SQL_ASCII)', 'Use mode: cursor.');
}
