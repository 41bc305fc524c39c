import { setTimeout as sleep } from 'node:timers/promises';

/** Who holds what. DuckDB lets one process at a time write to a file, so locks need not be known outside. */
const holders = new Map<string, object>();

const POLL_MILLISECONDS = 25;

/** Locks of one holder on one file. */
export interface Locks {
  /** False where another holder still has it after so many milliseconds. */
  take(name: string, waitMs: number): Promise<boolean>;
  give(name: string): void;
  giveAll(): void;
}

export function createLocks(path: string): Locks {
  const self = {};
  const held = new Set<string>();
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
      holders.set(key, self);
      held.add(name);
      return true;
    },
    give,
    giveAll() {
      for (const name of held) give(name);
    },
  };
}
