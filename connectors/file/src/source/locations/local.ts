import type { BigIntStats } from 'node:fs';
import { glob, open, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AriesError } from '@aries-data/sdk';
import { isGlob } from './glob.ts';
import { namedBody, type SourceFile } from './source-file.ts';

const CHUNK_BYTES = 64 * 1024;

/** Lists the files of a path, a glob or a `file://` URL. A name that exists is never treated as a glob. */
export async function localFiles(url: string): Promise<SourceFile[]> {
  const path = url.startsWith('file:') ? pathOf(url) : url;
  const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (found?.isDirectory()) {
    throw new AriesError('NOT_FOUND', `${path} is a folder`, {
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
  // A pipe has no length and cannot be rewound.
  const version = stats.isFile() ? `${stats.size}-${stats.mtimeNs}` : undefined;
  // Nothing else of the stats is kept, because there may be a hundred thousand files.
  const bytes = Number(stats.size);
  return {
    name,
    id: resolve(name),
    version,
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
