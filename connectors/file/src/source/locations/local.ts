import type { BigIntStats } from 'node:fs';
import { glob, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AriesError } from '@aries-data/sdk';
import { isGlob } from './glob.ts';
import { NEVER_A_FILE, namedBody, type SourceFile } from './source-file.ts';

const CHUNK_BYTES = 64 * 1024;

/** Lists the files of a path, a glob or a `file://` URL. A name that exists is never treated as a glob. */
export async function localFiles(url: string): Promise<SourceFile[]> {
  const path = localPath(url);
  const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found?.isDirectory()) {
    throw new AriesError('NOT_FOUND', `${path} is a folder`, {
      details: NEVER_A_FILE,
      hint: `Name the files in it, for example ${path.replace(/\/$/, '')}/*.csv.`,
    });
  }
  if (found !== undefined) return [localFile(path, found)];
  if (!isGlob(path))
    throw new AriesError('NOT_FOUND', `${path} does not exist`, {
      hint: 'Check the url in the config; a path is relative to the working directory.',
    });

  const files: SourceFile[] = [];
  for await (const match of glob(path)) {
    const stats = await stat(match, { bigint: true });
    if (!stats.isDirectory()) files.push(localFile(match, stats));
  }
  return files;
}

/** Returns the path of a `file://` URL, or a path unchanged. */
export function localPath(url: string): string {
  return url.startsWith('file:') ? pathOf(url) : url;
}

/** Returns the version of a file; undefined for a pipe, which has no length and cannot be rewound. */
export function localVersion(stats: BigIntStats): string | undefined {
  return stats.isFile() ? `${stats.size}-${stats.mtimeNs}` : undefined;
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new AriesError('CONFIG_INVALID', `"${url}" is not a file URL: ${(cause as Error).message}`, {
      cause,
      hint: 'Write file:///folder/file.json.',
    });
  }
}

function localFile(name: string, stats: BigIntStats): SourceFile {
  const version = localVersion(stats);
  // Nothing else of the stats is kept, because there may be a hundred thousand files.
  const bytes = Number(stats.size);
  return {
    name,
    id: resolve(name),
    version,
    modified: Number(stats.mtimeMs),
    readsOnce: version === undefined,
    async open({ from, signal }) {
      const handle = await open(name, 'r');
      const offset = version === undefined ? 0 : from;
      const body = handle.createReadStream({
        highWaterMark: CHUNK_BYTES,
        signal,
        ...(offset === 0 ? {} : { start: offset }),
      });
      return { body: namedBody(body, { name, remote: false, bytes: bytes - offset }), offset, version };
    },
  };
}

/**
 * Makes a file whose version is that of the moment when it is opened. Reading it throws `RESOURCE_BUSY` if it changes meanwhile: whoever
 * reads each file once would not come back for what was written later.
 */
export function currentLocalFile(name: string): SourceFile {
  return {
    name,
    id: resolve(name),
    version: undefined,
    async open({ from, signal }) {
      const handle = await open(name, 'r');
      try {
        const version = localVersion(await handle.stat({ bigint: true }));
        const body = handle.createReadStream({
          highWaterMark: CHUNK_BYTES,
          signal,
          ...(from === 0 ? {} : { start: from }),
        });
        const checkSame = async () => {
          const now = await stat(name, { bigint: true }).then(localVersion, () => undefined);
          if (now === version) return;
          throw new AriesError('RESOURCE_BUSY', `${name} changed while it was read`, {
            hint: 'It may still be being written. Try again once it is complete, and set "settle" to the time that writing takes.',
          });
        };
        return { body: namedBody(body, { name, remote: false, checkSame }), offset: from, version };
      } catch (error) {
        await handle.close();
        throw error;
      }
    },
  };
}
