import { setTimeout as sleep } from 'node:timers/promises';
import { closedLoad } from '../errors.ts';

/** The holder of each lock. DuckDB lets only one process write to a file, so locks of this process are enough. */
const holders = new Map<string, object>();

const POLL_MILLISECONDS = 25;

/** Locks of one holder on one file. */
export interface Locks {
  /** Returns false if another holder still has the lock after so many milliseconds. Throws `INTERRUPTED` once the locks are closed. */
  take(name: string, waitMs: number): Promise<boolean>;
  give(name: string): void;
  /** Gives all locks back. */
  close(): void;
}

export function createLocks(path: string): Locks {
  const self = {};
  const held = new Set<string>();
  let closed = false;
  const keyOf = (name: string) => `${path}\0${name}`;

  function give(name: string): void {
    if (held.delete(name)) holders.delete(keyOf(name));
  }

  return {
    async take(name, waitMs) {
      const key = keyOf(name);
      const deadline = Date.now() + waitMs;
      while (holders.has(key) && holders.get(key) !== self) {
        if (Date.now() >= deadline) return false;
        await sleep(POLL_MILLISECONDS);
      }
      // Nobody would give it back.
      if (closed) throw closedLoad();
      holders.set(key, self);
      held.add(name);
      return true;
    },
    give,
    close() {
      closed = true;
      for (const name of held) give(name);
    },
  };
}
