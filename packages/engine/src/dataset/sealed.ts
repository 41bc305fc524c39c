import { createHash } from 'node:crypto';
import { AriesError } from '@aries-data/sdk';
import type { z } from 'zod';

/**
 * A kind of document in staging. Each document has a checksum of itself, which detects damage and truncated copies. Someone who can write
 * to staging can also forge a checksum, so the schema checks all values, and `faultOf` what must hold between them.
 */
export interface DocumentKind<T> {
  /** Name for messages and files, such as `manifest`. */
  name: string;
  schema: z.ZodType;
  /** Returns what is wrong with a document that matches the schema. */
  faultOf?(value: T): string | undefined;
  /** What to do about a broken document. */
  hint: string;
  /** Write it on one line, for documents that people seldom read. */
  compact?: boolean;
}

/** Returns the digest of bytes, `sha256-<hex>`. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
}

const SEAL = /,\s*"checksum": ?"sha256-[0-9a-f]{64}"(\s*\}\n)$/;
const LONGEST_SEAL = 120;
const MOST_LEVELS = 200;

/** Writes a document as JSON whose last member is a checksum of everything before. */
export function sealed<T>({ compact = false }: Pick<DocumentKind<T>, 'compact'>, value: T): Buffer {
  const text = JSON.stringify(value, null, compact ? undefined : 2);
  return withSeal(text.slice(0, text.lastIndexOf('}')).trimEnd(), compact ? '}\n' : '\n}\n');
}

function withSeal(body: string, end: string): Buffer {
  const [before, colon] = end === '}\n' ? [',', ':'] : [',\n  ', ': '];
  return Buffer.from(`${body}${before}"checksum"${colon}"${digestOf(Buffer.from(body + end))}"${end}`);
}

/**
 * Reads a sealed document. Throws `DATASET_CORRUPT` naming it if it is truncated, changed, of another version or invalid for its
 * kind.
 */
export function unsealed<T>(kind: DocumentKind<T>, bytes: Buffer, uri: string): T {
  const broken = (what: string, cause?: unknown) =>
    new AriesError('DATASET_CORRUPT', `${uri} is not a valid ${kind.name}: ${what}`, {
      cause,
      hint: kind.hint,
    });
  if (bytes.length === 0) throw broken('it is empty');
  const text = bytes.toString();
  const tail = Math.max(0, text.length - LONGEST_SEAL);
  const seal = SEAL.exec(text.slice(tail));
  if (seal === null) throw broken('it is truncated, or was not written by this version of Aries');
  if (!withSeal(text.slice(0, tail + seal.index), seal[1]!).equals(bytes)) {
    throw broken('it was changed after it was written: its checksum differs');
  }
  let value: T & { checksum?: unknown };
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken((error as Error).message, error);
  }
  // Schemas and printing use recursion, so a document must not exhaust the stack.
  if (isDeeper(value, MOST_LEVELS)) throw broken(`it is nested more than ${MOST_LEVELS} levels deep`);
  const issue = kind.schema.safeParse(value).error?.issues[0];
  if (issue !== undefined) throw broken(`${issue.path.join('.')}: ${issue.message}`);
  delete value.checksum;
  const fault = kind.faultOf?.(value);
  if (fault !== undefined) throw broken(fault);
  // Returns the parsed value, not the schema's copy, because nothing of a stream's schema, which its author wrote, may be lost.
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
