import { existsSync } from 'node:fs';
import type { Store } from '@aries-data/sdk';
import { folderOutlet } from './folder-outlet.ts';
import { objectOutlet } from './object-outlet.ts';

/** Where one file goes. Nothing of it is visible before it is published. */
export interface Outlet {
  /** Takes all bytes; resolves once they are kept, though not visible yet. */
  fill(body: AsyncIterable<Uint8Array>): Promise<void>;
  /** Makes the file visible under its name, in the place of one that has it. */
  publish(name: string): Promise<void>;
  /** Leaves nothing behind. */
  discard(): Promise<void>;
}

/** Opens the way to one file in a folder or a bucket; `name` is given where it is known before the bytes are. */
export function openOutlet(store: Store, name: string | undefined, signal: AbortSignal): Outlet {
  return isFolder(store) ? folderOutlet(store.uri, signal) : objectOutlet(store, name, signal);
}

/** Whether a file is there. */
export async function hasFile(store: Store, name: string): Promise<boolean> {
  if (isFolder(store)) return existsSync(new URL(store.uriOf(name)));
  // Names come in order: the one wanted is the first that begins like it.
  for await (const { key } of store.list(name)) return key === name;
  return false;
}

function isFolder({ uri }: Store): boolean {
  return uri.startsWith('file:');
}
