import { sealed } from '../../packages/engine/src/dataset/sealed.ts';
import { memoryStaging } from '../../packages/stores/src/memory.ts';
import type { Store } from '../../packages/stores/src/store.ts';

/** Changes that anyone with write access to staging can make. */
export async function replaceObject(store: Store, key: string, body: Uint8Array): Promise<void> {
  await store.remove([key]);
  await store.writeIfAbsent(key, body);
}

/** Changes a document and seals it again: the checksum protects against damage, not against attackers. */
export async function tamper<Document>(
  store: Store,
  key: string,
  change: (document: Document) => unknown,
): Promise<void> {
  const { checksum: _, ...document } = JSON.parse(String(await store.read(key)));
  await replaceObject(store, key, sealed({}, change(document as Document) ?? document));
}

/** Lists the keys of all objects with this ending. */
export async function keysOf(store: Store, suffix: string): Promise<string[]> {
  return (await Array.fromAsync(store.list(''))).map(({ key }) => key).filter((key) => key.endsWith(suffix));
}

/** Copies the objects to a new store. */
export async function copyOf(store: Store): Promise<Store> {
  const copy = memoryStaging();
  for await (const { key } of store.list('')) await copy.writeIfAbsent(key, (await store.read(key))!);
  return copy;
}
