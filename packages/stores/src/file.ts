import { randomBytes } from 'node:crypto';
import { constants, createReadStream, type Dirent, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, readdir, readFile, rename, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AriesError } from '@aries-data/sdk';
import { folderOf, pathBelow, refuseLinks } from './below.ts';
import { fileError } from './file-errors.ts';
import { makeFolder, syncFolder } from './folders.ts';
import type { Store, StoredObject, StoreOptions } from './store.ts';

/** Ending of the name of an incomplete file. */
const UNFINISHED = /\.[0-9a-f]{16}\.tmp$/;

/** Also refuses a symbolic link that replaced a file after it was checked. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW;

/**
 * Opens a store in a folder. An object is written next to its final name, flushed to disk, then linked into place. `link` fails if the
 * name is taken, so it is also the conditional write.
 */
export function fileStore(uri: string, { shared }: StoreOptions = {}): Store {
  const root = uri.startsWith('file:') ? fileURLToPath(new URL(uri)) : resolve(uri);
  const query = queryOf(uri);
  const modes = (shared ?? query !== '') ? SHARED : PRIVATE;
  const pathOf = (key: string) => pathBelow(root, key);

  /** Returns the path for a new object, after checking that no folder on the way is a link. */
  async function placeOf(key: string): Promise<string> {
    await refuseLinks(root, folderOf(key));
    return pathOf(key);
  }

  return {
    uri: `${pathToFileURL(root).href.replace(/\/$/, '')}${query}`,
    uriOf: (key) => `${pathToFileURL(pathOf(key)).href}${query}`,

    async write(key, body, signal) {
      const path = await placeOf(key);
      const temporary = await written(path, body, modes, signal);
      const state = await linked(temporary, path);
      if (state === 'linked') return;
      throw new AriesError(
        'ATTEMPT_CONFLICT',
        state === 'taken'
          ? `${path} already exists; objects in staging are never written twice`
          : `${path} was deleted before it was complete: another attempt has finished the same step`,
        { hint: 'Run it again to get the result of the other attempt.' },
      );
    },

    async writeIfAbsent(key, body) {
      const path = await placeOf(key);
      for (;;) {
        const state = await linked(await written(path, [body], modes), path);
        // Another attempt that finished the step deletes unfinished files.
        if (state !== 'gone') return state === 'linked';
      }
    },

    async prepare({ key, aside }, body, signal) {
      const temporary = await written(await placeOf(aside), body, modes, signal);
      await syncFolder(dirname(temporary));
      return JSON.stringify({ key, file: relative(root, temporary) } satisfies Ticket);
    },

    async publish(ticket) {
      const { key, file } = parseTicket(ticket);
      const [from, path] = [await placeOf(file), await placeOf(key)];
      try {
        await makeFolder(dirname(path), modes.folder);
        await rename(from, path);
        await syncFolder(dirname(path));
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
        throw fileError(error, path);
      }
    },

    async discard(tickets) {
      await this.remove(tickets.map((ticket) => parseTicket(ticket).file));
    },

    async unfinished(prefix) {
      const found = (await keysUnder(root, prefix)).filter((file) => UNFINISHED.test(file));
      return Promise.all(
        found.map(async (file) => {
          const name = file.replace(UNFINISHED, '');
          const modified = (await lstat(pathOf(file)).catch(() => undefined))?.mtimeMs ?? 0;
          return { name, ticket: JSON.stringify({ key: name, file } satisfies Ticket), modified };
        }),
      );
    },

    async open(key): Promise<Readable> {
      return (await this.openVersion(key)).body;
    },

    async openVersion(key) {
      await refuseLinks(root, key);
      const path = pathOf(key);
      const file = await open(path, READ).catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT'
          ? new AriesError('NOT_FOUND', `${path} does not exist`, { cause: error })
          : fileError(error, path);
      });
      const version = versionOf(await file.stat());
      return { body: createReadStream(path, { fd: file, highWaterMark: 256 * 1024 }), version };
    },

    async read(key) {
      await refuseLinks(root, key);
      const path = pathOf(key);
      return readFile(path, { flag: READ }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
        throw fileError(error, path);
      });
    },

    async *list(prefix): AsyncIterable<StoredObject> {
      for (const key of await keysUnder(root, prefix)) {
        if (UNFINISHED.test(key)) continue;
        const found = await lstat(pathOf(key)).catch(() => undefined);
        if (found !== undefined) yield { key, bytes: found.size, modified: found.mtimeMs, version: versionOf(found) };
      }
    },

    async *folders(folder) {
      await refuseLinks(root, folder);
      for (const entry of await entriesOf(pathOf(folder))) if (entry.isDirectory()) yield entry.name;
    },

    async remove(keys) {
      for (const folder of new Set(keys.map(folderOf))) await refuseLinks(root, folder);
      const paths = keys.map(pathOf);
      for (const path of paths) await removed(path);
      for (const folder of new Set(paths.map((path) => dirname(path)))) await removeEmptyFolders(folder, root);
    },

    async check() {
      const key = `.check-${randomBytes(8).toString('hex')}`;
      try {
        if (
          !(await this.writeIfAbsent(key, Buffer.from('aries'))) ||
          (await this.writeIfAbsent(key, Buffer.from('aries')))
        ) {
          throw new AriesError('STAGING_INVALID', `${root} does not support conditional writes`, {
            hint: 'Use a file system with hard links, or S3.',
          });
        }
      } finally {
        await rm(pathOf(key), { force: true }).catch(() => {});
      }
    },

    async close() {},
  };
}

function versionOf({ size, mtimeMs }: Pick<Stats, 'size' | 'mtimeMs'>): string {
  return `${size}-${mtimeMs}`;
}

/** Permissions of new files: private to the user, or as the umask of the process allows. */
interface Modes {
  folder: number;
  file: number;
}

const PRIVATE: Modes = { folder: 0o700, file: 0o600 };
const SHARED: Modes = { folder: 0o777, file: 0o666 };

/** Returns the options of a folder's URI: `?mode=shared`, or none. */
function queryOf(uri: string): '' | '?mode=shared' {
  if (!uri.startsWith('file:')) return '';
  const { search } = new URL(uri);
  if (search === '' || search === '?mode=shared') return search;
  throw new AriesError('STAGING_INVALID', `"${uri}" has unknown options: ${search.slice(1)}`, {
    hint: 'The only option is ?mode=shared, for staging that other users of this machine also read and write.',
  });
}

/** A file written under a temporary name, and its final name. */
interface Ticket {
  key: string;
  file: string;
}

function parseTicket(text: string): Ticket {
  const { key, file } = JSON.parse(text) as Partial<Ticket>;
  if (typeof key === 'string' && typeof file === 'string' && UNFINISHED.test(file)) return { key, file };
  throw new AriesError('DATASET_CORRUPT', `${text} does not name a file that Aries prepared`);
}

/** Writes a complete file, flushed to disk, under a temporary name next to its final one. On failure nothing is left. */
async function written(
  path: string,
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  modes: Modes,
  signal?: AbortSignal,
): Promise<string> {
  const temporary = `${path}.${randomBytes(8).toString('hex')}.tmp`;
  // Errors of the disk must be distinguished from errors of the body, which explain themselves.
  const disk = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw fileError(error, path);
    });
  const file = await disk(openIn(dirname(path), temporary, modes));
  try {
    for await (const chunk of body) {
      signal?.throwIfAborted();
      await disk(writeAll(file, chunk));
    }
    await disk(file.sync());
    await disk(file.close());
    return temporary;
  } catch (error) {
    await file.close().catch(() => {});
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** Creates a file and its folder, which others may delete while it is empty. */
async function openIn(folder: string, path: string, modes: Modes, tries = 5): Promise<FileHandle> {
  await makeFolder(folder, modes.folder);
  try {
    return await open(path, 'wx', modes.file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 1) throw error;
    return openIn(folder, path, modes, tries - 1);
  }
}

/** Gives a written file its final name. Returns `taken` if the name exists, and `gone` if the file was deleted. */
async function linked(temporary: string, path: string): Promise<'linked' | 'taken' | 'gone'> {
  try {
    await link(temporary, path);
    await syncFolder(dirname(path));
    return 'linked';
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return 'taken';
    if (code === 'ENOENT') return 'gone';
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') {
      throw new AriesError('STAGING_INVALID', `${dirname(path)} is on a file system without hard links`, {
        cause: error,
        hint: 'Use another folder, or S3.',
      });
    }
    throw fileError(error, path);
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) done += (await file.write(chunk, done)).bytesWritten;
}

async function removed(path: string): Promise<void> {
  await rm(path, { force: true }).catch((error) => {
    throw fileError(error, path);
  });
}

/** Lists all files whose key starts with a prefix, in order. Skips folders that cannot contain any. */
async function keysUnder(root: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  await refuseLinks(root, folderOf(prefix));
  async function look(folder: string): Promise<void> {
    const path = join(root, folder);
    for (const entry of await entriesOf(path)) {
      const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (!key.startsWith(prefix)) continue;
      if (entry.isDirectory()) await look(key);
      else keys.push(key);
    }
  }
  await look(folderOf(prefix));
  return keys.sort();
}

/** Reads a folder; empty if it does not exist. */
async function entriesOf(path: string): Promise<Dirent[]> {
  return readdir(path, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw fileError(error, path);
  });
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let at = folder; at.startsWith(root) && at !== root; at = dirname(at)) {
    const wasEmpty = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!wasEmpty) return;
  }
}
