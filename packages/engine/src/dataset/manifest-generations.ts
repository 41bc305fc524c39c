import type { Store } from '@aries-data/stores';
import { type DocumentKind, digestOf, sealed, unsealed } from './sealed.ts';

/**
 * A document in staging whose existence is a commit. Nothing is overwritten: a new generation gets the next number, so if two attempts
 * replace the same document, only one succeeds.
 */
export interface Stored<T> {
  value: T;
  /** 1 for the first version, and one more for each that replaced it. */
  generation: number;
  /** Digest of its bytes, `sha256-<hex>`. */
  digest: string;
  key: string;
}

/** Place of a document: `manifest.json`, `manifest.2.json`, … in a folder. */
export interface Place {
  store: Store;
  folder: string;
}

/** Finds the newest generation of a document without parsing it. Returns `null` if there is none. */
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

/** Reads the newest generation of a document, or `null` if there is none. Throws `DATASET_CORRUPT` if it is invalid. */
export async function readNewest<T>(place: Place, kind: DocumentKind<T>): Promise<Stored<T> | null> {
  const found = await findNewest(place, kind);
  if (found === null) return null;
  const { bytes, ...stored } = found;
  return { ...stored, value: unsealed(kind, bytes, place.store.uriOf(stored.key)) };
}

/**
 * Writes the next generation of a document. Returns `null` if another attempt was first. Throws `DATASET_CORRUPT` for an invalid value,
 * before writing anything.
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

/** Returns the key of a generation of a document. */
export function keyOf(folder: string, { name }: Pick<DocumentKind<unknown>, 'name'>, generation: number): string {
  return `${folder}/${name}${generation === 1 ? '' : `.${generation}`}.json`;
}
