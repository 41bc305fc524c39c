import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { LoadPart } from '@aries-data/sdk';
import { partsFolder } from '../database.ts';

/** The files of a load's parts while DuckDB reads them. */
export interface PartFiles {
  /** Writes a part to a file for as long as `work` runs. Throws before that if the checksum does not match. */
  use<T>(part: LoadPart, work: (path: string) => Promise<T>): Promise<T>;
  /** Never throws. */
  remove(): Promise<void>;
}

/** Folders of this process. */
const own = new Set<string>();

/**
 * Creates the folder of a session with its first part, inside the folder that the database may read. The database must be open for writing
 * by then; `database` returns its path.
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
      // Another session of this process may still have its folder in there.
      await rmdir(partsFolder(database())).catch(() => {});
    },
  };
}

const MARK = Buffer.from('\ufeff');

/** Puts a byte order mark first, because DuckDB drops one: a first cell that begins with one keeps it. */
async function* marked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield MARK;
  yield* bytes;
}

/** Removes the folders of other processes. They are dead, because only one process can have the database open. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (!own.has(path)) await rm(path, { recursive: true, force: true });
  }
}
