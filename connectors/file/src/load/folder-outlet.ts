import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outlet } from './outlet.ts';

/** A file that is written beside its final place and then renamed: a reader sees the old one or the new. */
export function folderOutlet(uri: string, signal: AbortSignal): Outlet {
  const folder = fileURLToPath(uri);
  const temporary = join(folder, `.aries-${randomBytes(8).toString('hex')}.tmp`);

  return {
    async fill(body) {
      await mkdir(folder, { recursive: true });
      const file = await open(temporary, 'wx');
      try {
        for await (const chunk of body) {
          signal.throwIfAborted();
          await writeAll(file, chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    },

    async publish(name) {
      await rename(temporary, join(folder, name));
      await syncFolder(folder);
    },

    discard: () => rm(temporary, { force: true }),
  };
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let written = 0; written < chunk.byteLength; ) written += (await file.write(chunk, written)).bytesWritten;
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
