import { glob, stat } from 'node:fs/promises';
import { isAbsolute, normalize, resolve } from 'node:path';
import { AriesError } from '@aries-data/sdk';
import { compareNames } from './compare-names.ts';
import { fixedPrefix, isGlob } from './glob.ts';
import type { Listed } from './listed.ts';
import { localPath, localVersion } from './local.ts';

/** Requests that a disk or a network folder answers at once. */
const LISTED_TOGETHER = 64;

/**
 * Lists the files of paths, globs and `file://` urls in order of name, each once. Only their names are held in memory. A glob may match
 * nothing, but the folder that it begins with must exist. `isSettled` is given the time of a file's last change, in milliseconds.
 */
export async function* listFolders(
  urls: readonly string[],
  isSettled: (modified: number) => boolean,
): AsyncGenerator<Listed[]> {
  const paths = urls.map(localPath);
  // One file must not have two names.
  const nameOf = paths.some((path) => isAbsolute(path)) ? resolve : normalize;
  const names = new Set<string>();
  for (const path of paths) {
    if (await exists(path)) names.add(nameOf(path));
    else if (!isGlob(path)) throw missing(path);
    else {
      const prefix = fixedPrefix(path);
      const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
      if (folder !== '' && !(await exists(folder))) throw missing(folder);
      for await (const match of glob(path)) names.add(nameOf(match));
    }
  }
  const sorted = [...names].sort(compareNames);
  names.clear();
  for (let at = 0; at < sorted.length; at += LISTED_TOGETHER) {
    const found = await Promise.all(sorted.slice(at, at + LISTED_TOGETHER).map((name) => describe(name, isSettled)));
    yield found.filter((file) => file !== undefined);
  }
}

/** Describes a file; undefined for a folder, and for what has been removed since it was found. */
async function describe(name: string, isSettled: (modified: number) => boolean): Promise<Listed | undefined> {
  const stats = await statOf(name);
  if (stats === undefined || stats.isDirectory()) return undefined;
  const version = localVersion(stats);
  if (version !== undefined) return { name, version, settled: isSettled(Number(stats.mtimeMs)) };
  throw new AriesError('CONFIG_INVALID', `${name} is a pipe, so it cannot be told whether it was read before`, {
    hint: 'Read it without "incremental".',
  });
}

async function exists(path: string): Promise<boolean> {
  return (await statOf(path)) !== undefined;
}

function statOf(path: string) {
  return stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
}

function missing(path: string): AriesError {
  return new AriesError('NOT_FOUND', `${path} does not exist`, {
    hint: 'Check the url in the config; a path is relative to the working directory.',
  });
}
