import { randomBytes } from 'node:crypto';

/**
 * What tells a table from another of the same name. DuckDB's own numbers change whenever the file is opened, and are used
 * again: so the identity is kept in the table's comment, which goes with the table and nothing else.
 */
const TAG = /\s?\[aries:([0-9a-f]{12})\]/;

/** The identity that a comment holds. */
export function identityIn(comment: string | null): string | undefined {
  return comment === null ? undefined : TAG.exec(comment)?.[1];
}

/** A comment with an identity, in the place of the one that it held. */
export function commentWith(comment: string | null, identity: string): string {
  const own = (comment ?? '').replace(TAG, '');
  return `${own}${own === '' ? '' : ' '}[aries:${identity}]`;
}

export function newIdentity(): string {
  return randomBytes(6).toString('hex');
}
