import type { Store } from '@aries-data/stores';
import { type DocumentKind, digestOf, sealed, unsealed } from './sealed.ts';

/**
 * A document of staging that commits something by being there. Nothing is written twice: made anew it has the next number, so of
 * two that would take the place of the same one only one can.
 */
export interface Stored<T> {
  value: T;
  /** 1, and one more each time it was made anew. */
  generation: number;
  /** `sha256-<hex>` of its bytes. */
  digest: string;
  key: string;
}

/** Where a document lies: `manifest.json`, `manifest.2.json`, … */
export interface Place {
  store: Store;
  folder: string;
}

/** The newest generation of a document as it lies there, whatever it says; `null` where there is none. */
export async function findNewest(
  { store, folder }: Place,
  kind: Pick<DocumentKind<unknown>, 'name'>,
): Promise<(Omit<Stored<unknown>, 'value'> & { bytes: Buffer }) | null> {
  let newest: Buffer | null = null;
  for (let generation = 1; ; generation++) {
    const bytes = await store.read(keyOf(folder, kind, generation));
    if (bytes !== null) {
      newest = bytes;
      continue;
    }
    if (newest === null) return null;
    const last = generation - 1;
    return { bytes: newest, generation: last, digest: digestOf(newest), key: keyOf(folder, kind, last) };
  }
}

/** The newest generation of a document, or `null` where there is none. Throws `DATASET_CORRUPT` for one that is none. */
export async function readNewest<T>(place: Place, kind: DocumentKind<T>): Promise<Stored<T> | null> {
  const found = await findNewest(place, kind);
  if (found === null) return null;
  const { bytes, ...stored } = found;
  return { ...stored, value: unsealed(kind, bytes, place.store.uriOf(stored.key)) };
}

/**
 * Writes a document in the place of the one it was made anew from; `null` where somebody else was first. Throws `DATASET_CORRUPT` for
 * a value that could not be read back, before anything is written.
 */
export async function writeNext<T>(
  { store, folder }: Place,
  kind: DocumentKind<T>,
  value: T,
  replaced: { generation: number } | null,
): Promise<Stored<T> | null> {
  const bytes = sealed(kind, value);
  const generation = (replaced?.generation ?? 0) + 1;
  const key = keyOf(folder, kind, generation);
  const stored = { value: unsealed(kind, bytes, store.uriOf(key)), generation, digest: digestOf(bytes), key };
  return (await store.writeIfAbsent(key, bytes)) ? stored : null;
}

/** The key of a generation of a document. */
export function keyOf(folder: string, { name }: Pick<DocumentKind<unknown>, 'name'>, generation: number): string {
  return `${folder}/${name}${generation === 1 ? '' : `.${generation}`}.json`;
}
