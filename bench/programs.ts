import { spawnSync } from 'node:child_process';

/** Where Debian keeps the programs of PostgreSQL that it does not put into the PATH. */
const DEBIAN = '/usr/lib/postgresql/15/bin';

/** Returns how to call one of PostgreSQL's own programs; undefined if this machine does not have it. */
export function programOf(name: 'psql' | 'pg_recvlogical'): string | undefined {
  return [name, `${DEBIAN}/${name}`].find((path) => spawnSync(path, ['--version']).status === 0);
}
