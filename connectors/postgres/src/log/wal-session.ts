import { AriesError } from '@aries-data/sdk';
import type pg from 'pg';
import type { SourceConfig } from '../config.ts';
import { connect, type Session } from '../connect/connect.ts';
import { sqlStateOf, toPostgresError } from '../errors.ts';
import { type Lsn, parseLsn } from './lsn.ts';

/** A connection that speaks the replication protocol, and what it told about the server. */
export interface WalSession extends Session {
  /** Tells this database cluster from every other, also from one that was initialised anew. */
  system: string;
  /** Where the log stood: everything before it is on the server's disk. */
  flushed: Lsn;
}

/** Opens a connection for replication. Throws `NOT_ALLOWED` (77) if the role may not replicate. */
export async function openWalSession(config: SourceConfig, signal: AbortSignal): Promise<WalSession> {
  let session: Session;
  try {
    session = await connect(config, { signal, replication: true });
  } catch (error) {
    throw sqlStateOf(error) === '42501' || sqlStateOf(error) === '28000' ? mayNotReplicate(error as AriesError) : error;
  }
  try {
    const { systemid, xlogpos } = await replicationRow(session, 'IDENTIFY_SYSTEM');
    return Object.assign(session, { system: String(systemid), flushed: parseLsn(String(xlogpos)) });
  } catch (error) {
    await session.abort();
    throw error;
  }
}

/** Runs a command of the replication protocol, or a query without values, and returns its first row. */
export async function replicationRow({ client }: Pick<Session, 'client'>, sql: string): Promise<pg.QueryResultRow> {
  try {
    return (await client.query(sql)).rows[0] ?? {};
  } catch (error) {
    throw toPostgresError(error);
  }
}

function mayNotReplicate(error: AriesError): AriesError {
  return new AriesError('NOT_ALLOWED', error.message, {
    cause: error.cause,
    hint: 'Reading the log needs a role that may replicate: run ALTER ROLE … REPLICATION (Amazon RDS: GRANT rds_replication TO …), and check that pg_hba.conf lets it connect.',
  });
}
