import { randomBytes } from 'node:crypto';
import type { Store } from '@aries-data/sdk';
import type { Outlet } from './outlet.ts';

/**
 * An object in a bucket. Where its name is known, its upload is simply not ended before it is published. Where it is not,
 * the bytes wait under a name of their own: a bucket cannot rename.
 */
export function objectOutlet(store: Store, name: string | undefined, signal: AbortSignal): Outlet {
  return name === undefined ? waitingObject(store, signal) : openUpload(store, name, signal);
}

function openUpload(store: Store, name: string, signal: AbortSignal): Outlet {
  const { promise: end, resolve: publish, reject: discard } = Promise.withResolvers<void>();
  end.catch(() => {});
  let stored: Promise<void> | undefined;

  return {
    async fill(body) {
      const { promise: taken, resolve: allTaken } = Promise.withResolvers<void>();
      async function* held() {
        yield* body;
        allTaken();
        await end;
      }
      stored = store.write(name, held(), signal);
      await Promise.race([taken, stored]);
    },
    async publish() {
      publish();
      await stored;
    },
    async discard() {
      discard(new Error('the load was not committed'));
      await stored?.catch(() => {});
    },
  };
}

function waitingObject(store: Store, signal: AbortSignal): Outlet {
  const waiting = `_aries/load-${randomBytes(8).toString('hex')}`;
  return {
    fill: (body) => store.write(waiting, body, signal),
    async publish(name) {
      await store.write(name, await store.open(waiting), signal);
      await store.remove([waiting]);
    },
    discard: () => store.remove([waiting]),
  };
}
