import type { Store } from '@aries-data/stores';

/** A change to a store, and whether it is about to be made or has just been. */
export interface Step {
  /** 0 for the first change, 1 for once it is made, 2 for the second, … */
  number: number;
  name: string;
}

/** The same store, which says before and after each change that it makes how far it is, and waits for the answer. */
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
