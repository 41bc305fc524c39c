import { AriesError } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';

/** Returns the names that a config means. Throws `CONFIG_INVALID` if it cannot be one of `mode: log`. */
export function checkConfig({ slot, publication, queries }: SourceConfig): { slot: string; publication: string } {
  if (slot === undefined) {
    throw new AriesError('CONFIG_INVALID', 'Postgres: mode: log needs the option "slot"', {
      hint: 'Name the replication slot, and never change the name: slot: aries_shop. Each pipeline needs one of its own.',
    });
  }
  const [query] = Object.keys(queries);
  if (query !== undefined) {
    throw new AriesError('CONFIG_INVALID', `Postgres: the query "${query}" cannot be read from the log`, {
      hint: 'Read queries in a pipeline of their own, with mode: cursor.',
    });
  }
  return { slot, publication: publication ?? slot };
}
