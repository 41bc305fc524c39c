import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAriesError } from '@aries-data/sdk';
import { openDatabase, translated } from './database.ts';

const POLL_MS = 20;

/** The locks of one load. */
export interface Locks {
  /** False after so many milliseconds. */
  take(waitMs: number): Promise<boolean>;
  readonly held: boolean;
  release(): void;
}

/**
 * One lock for all names: SQLite has one writer, so loads into one database go one after the other. It is a transaction on a
 * file beside the database, so it ends with the process that holds it, whatever became of it.
 */
export function createLocks(path: string): Locks {
  let holder: DatabaseSync | undefined;

  async function take(waitMs: number): Promise<boolean> {
    if (holder !== undefined) return true;
    const database = openDatabase(`${path}-lock`, 0);
    const deadline = Date.now() + waitMs;
    for (;;) {
      try {
        translated(() => database.exec('BEGIN EXCLUSIVE'));
        holder = database;
        return true;
      } catch (error) {
        if (isAriesError(error) && error.code === 'RESOURCE_BUSY' && Date.now() + POLL_MS <= deadline) {
          await sleep(POLL_MS);
          continue;
        }
        database.close();
        if (isAriesError(error) && error.code === 'RESOURCE_BUSY') return false;
        throw error;
      }
    }
  }

  return {
    take,
    get held() {
      return holder !== undefined;
    },
    release() {
      holder?.close();
      holder = undefined;
    },
  };
}
