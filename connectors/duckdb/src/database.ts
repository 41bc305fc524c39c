import { mkdir, realpath, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError } from '@aries-data/sdk';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { DatabaseConfig, SourceConfig } from './config.ts';
import { toDuckdbError } from './errors.ts';
import { literal } from './names.ts';

/** A database that this process has open. */
interface Opened {
  instance: DuckDBInstance;
  readOnly: boolean;
  externalAccess: boolean;
  connections: number;
}

/** A connection. The file is closed with the process's last connection to it. */
export interface Connected {
  connection: DuckDBConnection;
  /** The file, without symbolic links. */
  path: string;
  close(): void;
}

export interface ConnectOptions {
  readOnly: boolean;
  /** True if SQL may read and write other files and load extensions, even from a view in an untrusted file. */
  externalAccess?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Open databases by path. A process must open a file only once, because its lock belongs to the process and ends when any handle
 * is closed. So all connections to a file share one database.
 */
const open = new Map<string, Promise<Opened>>();

const RETRY_MILLISECONDS = 100;
const MOST_THREADS = 4;

/**
 * Connects to a database file, with time zone UTC. Throws `NOT_FOUND` if it is opened for reading and does not exist, and
 * `RESOURCE_BUSY` if another process still has it open after the lock time-out.
 */
export async function connect(config: DatabaseConfig, options: ConnectOptions): Promise<Connected> {
  const path = await locate(config.path, options.readOnly);
  const opened = await shared(path, config, options);
  let connection: DuckDBConnection | undefined;
  try {
    connection = await opened.instance.connect();
  } catch (error) {
    release(path, opened, connection);
    throw toDuckdbError(error);
  }
  let closed = false;
  return {
    connection,
    path,
    close() {
      if (closed) return;
      closed = true;
      release(path, opened, connection);
    },
  };
}

/** Returns the options with which a source opens its file. */
export function reading(
  { path, externalAccess = path === ':memory:' }: SourceConfig,
  signal: AbortSignal,
): ConnectOptions {
  return { readOnly: true, externalAccess, signal };
}

/** Resolves symbolic links. For writing, creates the folder. */
async function locate(given: string, readOnly: boolean): Promise<string> {
  if (given === ':memory:') return given;
  const path = resolve(given);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    throw new AriesError('CONFIG_INVALID', `DuckDB: ${given} is a folder`, {
      hint: 'Name a file in the option "path".',
    });
  }
  if (found !== undefined) return realpath(path);
  if (readOnly) {
    throw new AriesError('NOT_FOUND', `DuckDB: there is no file ${given}`, { hint: 'Check the option "path".' });
  }
  await mkdir(dirname(path), { recursive: true });
  return join(await realpath(dirname(path)), basename(path));
}

async function shared(path: string, config: DatabaseConfig, options: ConnectOptions): Promise<Opened> {
  const { readOnly, externalAccess = false } = options;
  // Databases in memory are separate, although they have the same name.
  if (path === ':memory:') return used(await openWaiting(path, config, { ...options, readOnly: false }));
  const found = await open.get(path)?.catch(() => undefined);
  if (found !== undefined && open.has(path)) {
    if (found.externalAccess !== externalAccess) {
      throw new AriesError('RESOURCE_BUSY', `DuckDB: ${path} is open in this process with another "externalAccess"`, {
        hint: 'Wait until the other step has ended.',
      });
    }
    if (readOnly || !found.readOnly) return used(found);
    throw new AriesError('RESOURCE_BUSY', `DuckDB: ${path} is being read by this process, so it cannot be written`, {
      hint: 'Wait until the read has ended, or load into another file.',
    });
  }
  const opening = openWaiting(path, config, options);
  open.set(path, opening);
  opening.catch(() => open.delete(path));
  return used(await opening);
}

/** Counts a connection at once, so that closing another one does not close the database. */
function used(opened: Opened): Opened {
  opened.connections++;
  return opened;
}

async function openWaiting(path: string, config: DatabaseConfig, options: ConnectOptions): Promise<Opened> {
  const deadline = Date.now() + config.lockTimeout * 1000;
  const settings = {
    access_mode: options.readOnly ? 'READ_ONLY' : 'READ_WRITE',
    memory_limit: config.memoryLimit,
    threads: String(config.threads ?? Math.min(MOST_THREADS, availableParallelism())),
    ...(options.externalAccess === true ? {} : NO_EXTENSIONS),
  };
  for (;;) {
    try {
      // The cache also has databases that other code in this process opened through it.
      const instance = await (path === ':memory:'
        ? DuckDBInstance.create(path, settings)
        : DuckDBInstance.fromCache(path, settings));
      await confine(instance, path, options);
      return {
        instance,
        readOnly: options.readOnly,
        externalAccess: options.externalAccess === true,
        connections: 0,
      };
    } catch (thrown) {
      const error = toDuckdbError(thrown);
      if (error.code !== 'RESOURCE_BUSY' || Date.now() + RETRY_MILLISECONDS > deadline) throw error;
      await sleep(RETRY_MILLISECONDS, undefined, { signal: options.signal }).catch(() => {
        throw new AriesError('INTERRUPTED', 'Stopped by a signal');
      });
    }
  }
}

const NO_EXTENSIONS = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
};

/**
 * Sets and locks the settings of all connections: the time zone, and that SQL reaches only the database's own files. Otherwise a view
 * or a macro in an untrusted file could read other files of the user. See
 * https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview.
 */
async function confine(
  instance: DuckDBInstance,
  path: string,
  { readOnly, externalAccess }: ConnectOptions,
): Promise<void> {
  let connection: DuckDBConnection | undefined;
  try {
    connection = await instance.connect();
    await connection.run(`SET GLOBAL TimeZone = 'UTC'`);
    if (externalAccess !== true) {
      const own = readOnly || path === ':memory:' ? [] : [`${partsFolder(path)}/`];
      await connection.run(`SET allowed_directories = [${own.map(literal).join(', ')}]`);
      await connection.run('SET enable_external_access = false');
      await connection.run('SET lock_configuration = true');
    }
    connection.disconnectSync();
  } catch (error) {
    connection?.disconnectSync();
    instance.closeSync();
    throw error;
  }
}

/** Returns the folder for parts while DuckDB reads them, the only other folder that it may read. */
export function partsFolder(database: string): string {
  return `${database}.parts`;
}

function release(path: string, opened: Opened, connection: DuckDBConnection | undefined): void {
  connection?.disconnectSync();
  opened.connections--;
  if (opened.connections > 0) return;
  open.delete(path);
  opened.instance.closeSync();
}
