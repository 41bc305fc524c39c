import type { Rejection } from '@aries-data/sdk';

/** Check of the rejections that wait to be stored. An error ends the load. */
export type CheckRejections = (waiting: readonly Rejection[]) => void;

/** Records that a target rejected, in memory until they are stored. */
export interface Rejections {
  /** Adds one, then checks all that wait. */
  add(rejection: Rejection): void;
  /** Removes and returns all that wait. */
  take(): Rejection[];
  /** Replaces the check, and applies it to all that wait. */
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
