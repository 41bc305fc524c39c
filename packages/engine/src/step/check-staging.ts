import type { Store } from '@aries-data/stores';

const checked = new WeakMap<Store, Promise<void>>();

/**
 * Checks that staging can be written, once per store. A step calls it before its work, so that hours of reading are not lost. A
 * step whose dataset is already finished writes nothing and does not check.
 */
export function checkStaging(store: Store): Promise<void> {
  const known = checked.get(store);
  if (known !== undefined) return known;
  const check = store.check();
  checked.set(store, check);
  return check;
}
