import { createWriteStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { LoadPart } from '@aries-data/sdk';

/** Where the parts of a load lie while DuckDB reads them. */
export interface PartFiles {
  /** Writes a part into a file for the time of `work`. A checksum that does not match is thrown before. */
  use<T>(part: LoadPart, work: (path: string) => Promise<T>): Promise<T>;
  /** Never throws. */
  remove(): Promise<void>;
}

/** Folders of this process. */
const own = new Set<string>();

/** The folder lies beside the database, made with the first part; not to be used before the database is open to write. */
export function createPartFiles(database: string): PartFiles {
  const prefix = `${database}.parts-`;
  let folder: Promise<string> | undefined;
  let count = 0;

  async function make(): Promise<string> {
    await removeAbandoned(prefix);
    const made = await mkdtemp(prefix);
    own.add(made);
    return made;
  }

  return {
    async use(part, work) {
      folder ??= make();
      const path = join(await folder, `${count++}.csv`);
      try {
        await pipeline(marked(await part.open()), createWriteStream(path));
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
async function removeAbandoned(prefix: string): Promise<void> {
  const parent = dirname(prefix);
  for (const name of await readdir(parent)) {
    const path = join(parent, name);
    if (name.startsWith(basename(prefix)) && !own.has(path)) await rm(path, { recursive: true, force: true });
  }
}
