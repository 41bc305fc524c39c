import type { Store } from '@aries-data/stores';

/** A point just before or after a change to a store. */
export interface Step {
  /** 0 before the first change, 1 after it, 2 before the second, … */
  number: number;
  name: string;
}

/** Wraps a store: before and after each change it calls `at` and waits. */
export function steppedStore(store: Store, at: (step: Step) => Promise<void>): Store {
  let number = 0;
  const stepped =
    <A extends unknown[], R>(name: string, change: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      await at({ number: number++, name: `before ${name}` });
      const result = await change(...given);
      await at({ number: number++, name: `after ${name}` });
      return result;
    };
  return {
    ...store,
    writeIfAbsent: stepped('writeIfAbsent', store.writeIfAbsent.bind(store)),
    prepare: stepped('prepare', store.prepare.bind(store)),
    publish: stepped('publish', store.publish.bind(store)),
    discard: stepped('discard', store.discard.bind(store)),
    remove: stepped('remove', store.remove.bind(store)),
  };
}
