import { createHash } from 'node:crypto';
import { AriesError, isAriesError, type Keep } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import { keptFolder, newAttempt } from './layout.ts';

/**
 * An ID is a random number and the checksum of the bytes. The number makes each object new, so that removing an unused one never takes
 * away what another run has just written with the same content.
 */
const ID = /(?<![0-9a-z])[0-9a-f]{12}-[0-9a-f]{64}(?![0-9a-z])/;
const EVERY_ID = new RegExp(ID, 'g');
const WHOLE_ID = new RegExp(`^${ID.source}$`);

/** What is kept lies in memory while it is used, and staging may be written by others. */
const MOST_BYTES = 1024 ** 3;

/** Keeps bytes that positions refer to, in the staging of a pipeline. Reads them from the folder of its state too, if that is another. */
export function keepIn(store: Store, name: string, state?: string): Keep {
  return {
    async write(bytes) {
      const id = `${newAttempt()}-${createHash('sha256').update(bytes).digest('hex')}`;
      await store.writeIfAbsent(keptKey(name, id), bytes);
      return id;
    },
    async read(id) {
      if (!WHOLE_ID.test(id))
        throw corrupt(`"${id.slice(0, 100)}" is not the ID of something that Aries keeps in staging`);
      const bytes = (await readFrom(store, name, id)) ?? (await readElsewhere(state, name, id));
      if (bytes !== undefined) return bytes;
      throw corrupt(`${store.uriOf(keptKey(name, id))}, which the state of "${name}" refers to, does not exist`);
    },
  };
}

/** An object that positions may refer to. */
export interface Kept {
  key: string;
  id: string;
  bytes: number;
  /** Time of writing, in milliseconds since 1970. */
  modified: number;
}

/**
 * Lists what the positions of a pipeline may refer to. An object is in use if its ID occurs in a state file, a manifest or a checkpoint
 * (`keptIdsIn`), or may be soon: a run that has just begun has written no checkpoint yet. So house-keeping may remove an object whose ID
 * occurs nowhere and that is older than the longest run.
 */
export async function* listKept(store: Store, name: string): AsyncGenerator<Kept> {
  for await (const { key, bytes, modified } of store.list(`${keptFolder(name)}/`)) {
    const id = key.slice(key.lastIndexOf('/') + 1);
    if (WHOLE_ID.test(id)) yield { key, id, bytes, modified };
  }
}

/** Returns the IDs of kept objects in the text of a document. */
export function keptIdsIn(text: string): string[] {
  return text.match(EVERY_ID) ?? [];
}

/** Returns the key of a kept object. */
export function keptKey(name: string, id: string): string {
  return `${keptFolder(name)}/${id}`;
}

async function readElsewhere(state: string | undefined, name: string, id: string): Promise<Buffer | undefined> {
  if (state === undefined) return undefined;
  const store = await openStore(state);
  try {
    return await readFrom(store, name, id);
  } finally {
    await store.close();
  }
}

/** Reads and verifies an object; undefined if it does not exist. */
async function readFrom(store: Store, name: string, id: string): Promise<Buffer | undefined> {
  const key = keptKey(name, id);
  const hash = createHash('sha256');
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of (await store.open(key)) as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MOST_BYTES) throw corrupt(`${store.uriOf(key)} is larger than ${MOST_BYTES} bytes`);
      hash.update(chunk);
      chunks.push(chunk);
    }
  } catch (error) {
    if (isAriesError(error) && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
  if (hash.digest('hex') === id.slice(id.indexOf('-') + 1)) return Buffer.concat(chunks);
  throw corrupt(`${store.uriOf(key)} was changed after it was written: its checksum differs`);
}

function corrupt(message: string): AriesError {
  return new AriesError('DATASET_CORRUPT', message, {
    hint: 'Put it back, or read everything again with --full-refresh.',
  });
}
