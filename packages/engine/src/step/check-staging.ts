import type { Store } from '@aries-data/stores';

const checked = new WeakMap<Store, Promise<void>>();

/**
 * Proves that staging can be written, once for each store: before a step does its work, so that hours of reading are not
 * lost. A step that finds its work done writes nothing and does not ask.
 */
export function checkStaging(store: Store): Promise<void> {
  const known = checked.get(store);
  if (known !== undefined) return known;
  const check = store.check();
  checked.set(store, check);
  return check;
}
