import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { AriesError } from '../errors.ts';
import type { Store } from '../stores/store.ts';

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
  /** `manifest` or `plan`. */
  name: string;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The newest generation of a document, or `null` where there is none. Throws `DATASET_CORRUPT` for one that its schema does not take. */
export async function readNewest<T>(place: Place, schema: z.ZodType): Promise<Stored<T> | null> {
  let newest: Buffer | null = null;
  for (let generation = 1; ; generation++) {
    const bytes = await place.store.read(keyOf(place, generation));
    if (bytes === null) return newest === null ? null : stored(place, generation - 1, newest, schema);
    newest = bytes;
  }
}

/** Writes a document in the place of the one it was made anew from; `null` where somebody else was first. */
export async function writeNext<T>(
  place: Place,
  value: T,
  replaced: { generation: number } | null,
): Promise<Stored<T> | null> {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  const generation = (replaced?.generation ?? 0) + 1;
  const key = keyOf(place, generation);
  const written = await place.store.writeIfAbsent(key, bytes);
  return written ? { value: JSON.parse(bytes.toString()), generation, digest: digestOf(bytes), key } : null;
}

/** The key of a generation of a document. */
export function keyOf({ folder, name }: Pick<Place, 'folder' | 'name'>, generation: number): string {
  return `${folder}/${name}${generation === 1 ? '' : `.${generation}`}.json`;
}

function stored<T>(place: Place, generation: number, bytes: Buffer, schema: z.ZodType): Stored<T> {
  const key = keyOf(place, generation);
  let value: T;
  try {
    value = JSON.parse(bytes.toString());
  } catch (cause) {
    throw new AriesError('DATASET_CORRUPT', `${place.store.uriOf(key)} is not JSON`, { cause });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new AriesError(
      'DATASET_CORRUPT',
      `${place.store.uriOf(key)} is no ${place.name} of this version: ${issue?.path.join('.')}: ${issue?.message}`,
      { hint: 'Was it written by a later version of Aries, or changed by hand?' },
    );
  }
  // What was parsed, not what the schema made of it: a stream's schema is its author's text, and nothing of it may be lost.
  return { value, generation, digest: digestOf(bytes), key };
}
