import { AriesError } from '@aries-data/sdk';

/** Makes the error for bytes that are not what the replication protocol allows. */
export function malformed(reason: string): AriesError {
  return new AriesError(
    'DATA_INVALID',
    `Postgres: the log is not as the replication protocol describes it: ${reason}`,
    {
      hint: 'Check that the server, or a proxy before it, speaks the protocol of PostgreSQL 15 or later.',
    },
  );
}
