import type { Rejection } from '@aries-data/sdk';

/** Looks at the rejections that are waiting to be stored. What it throws ends the load. */
export type CheckRejections = (waiting: readonly Rejection[]) => void;

/** Records that a target did not take, in memory until they are stored. */
export interface Rejections {
  /** Adds one, then checks all that are waiting. */
  add(rejection: Rejection): void;
  /** Removes and returns all that are waiting. */
  take(): Rejection[];
  /** Replaces the check, and applies it to what is waiting. */
  checkWith(check: CheckRejections): void;
}

export function createRejections(check: CheckRejections): Rejections {
  let current = check;
  const waiting: Rejection[] = [];
  return {
    add(rejection) {
      waiting.push(rejection);
      current(waiting);
    },
    take: () => waiting.splice(0),
    checkWith(next) {
      current = next;
      current(waiting);
    },
  };
}
