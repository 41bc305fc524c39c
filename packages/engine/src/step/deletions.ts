import type { JsonRecord } from '@aries-data/sdk';
import type { ChangeOp } from '@aries-data/sdk/internal';

const DELETIONS: unique symbol = Symbol('aries-data.deletions');

/** Records of a stream that are gone, between its batches. They pass through transforms as they are, with their keys renamed. */
export interface Deletions {
  readonly [DELETIONS]: true;
  op: Exclude<ChangeOp, 'u'>;
  /** Their keys, as records with the fields of the primary key and, if it is known, the cursor. One without fields for `t`. */
  keys: readonly JsonRecord[];
  /** When they went away, as an RFC 3339 date-time. Default: the start of the read. */
  at?: string | undefined;
}

export function deletionsOf(deletions: Omit<Deletions, typeof DELETIONS>): Deletions {
  return { [DELETIONS]: true, ...deletions };
}

export function isDeletions(item: unknown): item is Deletions {
  return typeof item === 'object' && item !== null && DELETIONS in item;
}

/** Gives keys the names that they have after a transform: the first name of `from` becomes the first of `to`, and so on. */
export function renamedDeletions(
  deletions: Deletions,
  { from, to }: { from: readonly string[]; to: readonly string[] },
): Deletions {
  if (from.every((name, index) => name === to[index])) return deletions;
  const keys = deletions.keys.map((key) =>
    Object.fromEntries(from.flatMap((name, index) => (Object.hasOwn(key, name) ? [[to[index]!, key[name]!]] : []))),
  );
  return { ...deletions, keys };
}
