import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { LoadPart } from '@aries-data/sdk';
import { partsFolder } from '../database.ts';

/** Where the parts of a load lie while DuckDB reads them. */
export interface PartFiles {
  /** Writes a part into a file for the time of `work`. A checksum that does not match is thrown before. */
  use<T>(part: LoadPart, work: (path: string) => Promise<T>): Promise<T>;
  /** Never throws. */
  remove(): Promise<void>;
}

/** Folders of this process. */
const own = new Set<string>();

/**
 * Each session has a folder in the one that the database may read, made with the first part; not to be used before the database is open
 * to write. `database` tells its path by then.
 */
export function createPartFiles(database: () => string): PartFiles {
  let folder: Promise<string> | undefined;
  let count = 0;

  async function make(): Promise<string> {
    const parent = partsFolder(database());
    const made = join(parent, randomBytes(8).toString('hex'));
    own.add(made);
    await mkdir(made, { recursive: true, mode: 0o700 });
    await removeAbandoned(parent);
    return made;
  }

  return {
    async use(part, work) {
      folder ??= make();
      const path = join(await folder, `${count++}.csv`);
      try {
        await pipeline(marked(await part.open()), createWriteStream(path, { mode: 0o600 }));
        return await work(path);
      } finally {
        await rm(path, { force: true });
      }
    },

    async remove() {
      const made = await folder?.catch(() => undefined);
      if (made === undefined) return;
      await rm(made, { recursive: true, force: true }).catch(() => {});
      own.delete(made);
      // Another session of this process may still have its own in there.
      await rmdir(partsFolder(database())).catch(() => {});
    },
  };
}

const MARK = Buffer.from('\ufeff');

/** DuckDB drops a byte order mark at the start of a file. With one of ours before it, a first cell that begins with one keeps it. */
async function* marked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield MARK;
  yield* bytes;
}

/** No other process can have the database open: what is not ours was left by one that died. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!own.has(path)) await rm(path, { recursive: true, force: true });
  }
}
