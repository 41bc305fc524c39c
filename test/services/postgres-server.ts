import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';
import { query } from './query.ts';

const run = promisify(execFile);

/** Options for starting Postgres. */
export interface PostgresOptions {
  /** Server settings, such as `{ max_connections: '10' }`. */
  settings?: Record<string, string>;
}

/** A running Postgres with its data in a temporary folder. */
export interface PostgresServer extends AsyncDisposable {
  /** The superuser's URL for the database `postgres`, with password. */
  url: string;
  port: number;
  /** Creates a database, with a random name by default, and returns its URL. */
  createDatabase(name?: string): Promise<string>;
  stop(): Promise<void>;
}

// The data is thrown away, so durability would only cost time. `max_connections` lets test files run in parallel.
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  // Hundreds of small databases would keep autovacuum busy.
  autovacuum: 'off',
  max_connections: '200',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
};

/** Starts a new Postgres from the folder with `initdb` and `postgres`; passwords are required (scram). */
export async function startPostgresServer(bin: string, options: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-postgres-'));
  try {
    const user = await unprivilegedUser();
    if (user) await chown(folder, user.uid, user.gid);
    const reachable = await reachableBin(bin, folder, user);
    return await startIn(folder, reachable, { ...options, user });
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(
  folder: string,
  bin: string,
  options: PostgresOptions & { user: User | undefined },
): Promise<PostgresServer> {
  const { user, settings } = options;
  const data = join(folder, 'data');
  const password = randomBytes(12).toString('hex');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password);
  if (user) await chown(passwordFile, user.uid, user.gid);
  const flags = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  // The same encoding and collation everywhere; a test that needs another says `COLLATE "en-x-icu"`.
  flags.push('--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions');
  await run(join(bin, 'initdb'), [`--pgdata=${data}`, ...flags], { cwd: folder, ...user });

  const port = await freePort();
  const args = ['-D', data, '-p', String(port)];
  for (const [name, value] of Object.entries({ ...SETTINGS, ...settings })) args.push('-c', `${name}=${value}`);
  // LC_ALL keeps the line that says it is ready untranslated. QUIT skips the checkpoint, which throwaway data does not need.
  const env = { ...process.env, LC_ALL: 'C' };
  const daemon = startDaemon({ command: join(bin, 'postgres'), args, stopSignal: 'QUIT', env, user });
  const stop = async () => {
    await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await daemon.until((log) => log.includes('database system is ready to accept connections'), 60_000);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  return { url, port, createDatabase: (name?: string) => createDatabase(url, name), stop, [Symbol.asyncDispose]: stop };
}

/** Creates a database on the server of `serverUrl`, with a random name by default, and returns its URL. */
export async function createDatabase(
  serverUrl: string,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<string> {
  // By copying files, which takes half as long as PostgreSQL's default if nothing has to be durable.
  await query(serverUrl, `CREATE DATABASE ${pg.escapeIdentifier(name)} STRATEGY FILE_COPY`);
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

/** Drops the database of `url`, even with open connections. */
export async function dropDatabase(serverUrl: string, url: string): Promise<void> {
  const name = decodeURIComponent(new URL(url).pathname.slice(1));
  await query(serverUrl, `DROP DATABASE IF EXISTS ${pg.escapeIdentifier(name)} WITH (FORCE)`);
}

type User = { uid: number; gid: number };

/** Postgres refuses to run as root, so root runs it as `postgres`, or as `nobody` if there is no such user. */
async function unprivilegedUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all(
        ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, name])).stdout)),
      );
      if (uid && gid) return { uid, gid };
    } catch {
      // There is no such user; try the next.
    }
  }
  throw new Error('Running as root, and there is no user `postgres` or `nobody` to run Postgres as');
}

/** Returns the folder, or a copy of it if that user cannot reach it, for example in a clone below /root. */
async function reachableBin(bin: string, folder: string, user: User | undefined): Promise<string> {
  try {
    await run(join(bin, 'postgres'), ['--version'], { cwd: folder, ...user });
    return bin;
  } catch (error) {
    if (!user || (error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    const copy = join(folder, 'installation');
    await cp(dirname(await realpath(bin)), copy, { recursive: true, verbatimSymlinks: true });
    return join(copy, 'bin');
  }
}
