import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, readFile, rm, rmdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AriesError } from '../errors.ts';
import type { Store, StoredObject } from './store.ts';

const TEMPORARY = /\.tmp-[0-9a-f]{16}$/;

/**
 * A store in a folder. An object is written beside its final name, flushed to disk, then linked into place:
 * `link` fails where the name is taken, so it is also the conditional write.
 */
export function fileStore(uri: string): Store {
  const root = uri.startsWith('file:') ? fileURLToPath(new URL(uri)) : resolve(uri);
  const pathOf = (key: string) => join(root, key);

  return {
    uri: pathToFileURL(root).href.replace(/\/$/, ''),
    uriOf: (key) => pathToFileURL(pathOf(key)).href,

    async write(key, body, signal) {
      const taken = !(await publish(pathOf(key), async (file) => {
        for await (const chunk of body) {
          signal?.throwIfAborted();
          await writeAll(file, chunk);
        }
      }));
      if (taken)
        throw new AriesError(
          'ATTEMPT_CONFLICT',
          `${pathOf(key)} exists already; objects in staging are never written twice`,
        );
    },

    writeIfAbsent: (key, body) => publish(pathOf(key), (file) => writeAll(file, body)),

    async open(key): Promise<Readable> {
      const file = await open(pathOf(key), 'r').catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT'
          ? new AriesError('NOT_FOUND', `${pathOf(key)} does not exist`, { cause: error })
          : error;
      });
      return createReadStream(pathOf(key), { fd: file, highWaterMark: 256 * 1024 });
    },

    async read(key) {
      return readFile(pathOf(key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
        throw error;
      });
    },

    async *list(prefix): AsyncIterable<StoredObject> {
      const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : '';
      for (const key of await keysBelow(root, folder)) {
        if (!key.startsWith(prefix) || TEMPORARY.test(key)) continue;
        const found = await stat(pathOf(key)).catch(() => undefined);
        if (found !== undefined) yield { key, bytes: found.size, modified: found.mtimeMs };
      }
    },

    async remove(keys) {
      for (const key of keys) await rm(pathOf(key), { force: true });
      const folders = new Set(keys.map((key) => dirname(pathOf(key))));
      for (const folder of folders) await removeEmptyFolders(folder, root);
    },

    async check() {
      const key = `.check-${randomBytes(8).toString('hex')}`;
      try {
        if (
          !(await this.writeIfAbsent(key, Buffer.from('aries'))) ||
          (await this.writeIfAbsent(key, Buffer.from('aries')))
        ) {
          throw new AriesError('STAGING_INVALID', `${root} does not honour conditional writes`, {
            hint: 'Use a file system with hard links, or S3.',
          });
        }
      } finally {
        await rm(pathOf(key), { force: true });
      }
    },

    async close() {},
  };
}

/** Writes a file whole or not at all; `false` where the name is taken. */
async function publish(path: string, fill: (file: FileHandle) => Promise<void>): Promise<boolean> {
  const temporary = `${path}.tmp-${randomBytes(8).toString('hex')}`;
  await mkdir(dirname(path), { recursive: true });
  const file = await open(temporary, 'wx');
  try {
    await fill(file);
    await file.sync();
    await file.close();
    await link(temporary, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    await file.close().catch(() => {});
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP') {
      throw new AriesError('STAGING_INVALID', `${dirname(path)} is on a file system without hard links`, {
        cause: error,
        hint: 'Use another folder, or S3.',
      });
    }
    throw error;
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) {
    written += (await file.write(chunk, written)).bytesWritten;
  }
}

// A name is durable only once its folder is.
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function keysBelow(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const keys: string[] = [];
  for (const entry of entries) {
    const key = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) keys.push(...(await keysBelow(root, key)));
    else keys.push(key);
  }
  return keys.sort();
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let at = folder; at.startsWith(root) && at !== root; at = dirname(at)) {
    const removed = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}
