import { randomBytes } from 'node:crypto';

/**
 * The identity of a table, kept in its comment: a comment is dropped with its table. DuckDB's own numbers change whenever the file is
 * opened, and are used again.
 */
const TAG = /\s?\[aries:([0-9a-f]{12})\]/;

/** Finds the identity in a comment. */
export function identityIn(comment: string | null): string | undefined {
  return comment === null ? undefined : TAG.exec(comment)?.[1];
}

/** Returns a comment with an identity, which replaces the one it had. */
export function commentWith(comment: string | null, identity: string): string {
  const own = (comment ?? '').replace(TAG, '');
  return `${own}${own === '' ? '' : ' '}[aries:${identity}]`;
}

export function newIdentity(): string {
  return randomBytes(6).toString('hex');
}
