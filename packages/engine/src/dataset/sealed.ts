import { createHash } from 'node:crypto';
import { AriesError } from '@aries-data/sdk';
import type { z } from 'zod';

/**
 * A kind of document that rests in staging. Each carries a checksum of itself, against bits that rot or a copy that is cut. Who can
 * write to staging can make a checksum, too: against that there are the schema, and `faultOf` for what must hold between its values.
 */
export interface DocumentKind<T> {
  /** As messages call it: `manifest`. */
  name: string;
  schema: z.ZodType;
  /** What is wrong with a document that has the right shape. */
  faultOf?(value: T): string | undefined;
  /** What to do about a broken one. */
  hint: string;
  /** Written on one line: for what people seldom look at. */
  compact?: boolean;
}

/** `sha256-<hex>` of bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256-${createHash('sha256').update(bytes).digest('hex')}`;
}

const SEAL = /,\s*"checksum": ?"sha256-[0-9a-f]{64}"(\s*\}\n)$/;
const LONGEST_SEAL = 120;
const MOST_LEVELS = 200;

/** A document as its bytes: JSON whose last member is the checksum of the document without it. */
export function sealed<T>({ compact = false }: Pick<DocumentKind<T>, 'compact'>, value: T): Buffer {
  const text = JSON.stringify(value, null, compact ? undefined : 2);
  return withSeal(text.slice(0, text.lastIndexOf('}')).trimEnd(), compact ? '}\n' : '\n}\n');
}

function withSeal(body: string, end: string): Buffer {
  const [before, colon] = end === '}\n' ? [',', ':'] : [',\n  ', ': '];
  return Buffer.from(`${body}${before}"checksum"${colon}"${digestOf(Buffer.from(body + end))}"${end}`);
}

/**
 * What sealed bytes say. Throws `DATASET_CORRUPT` naming the document where they are cut, changed, of another version or not what their
 * kind may hold.
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
  if (seal === null) throw broken('it is cut off, or was not written by this version of Aries');
  if (!withSeal(text.slice(0, tail + seal.index), seal[1]!).equals(bytes)) {
    throw broken('it was changed after it was written: its checksum is another');
  }
  let value: T & { checksum?: unknown };
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw broken((error as Error).message, error);
  }
  // Schemas, and whoever prints the document, follow it by recursion: the stack must have room for it.
  if (isDeeper(value, MOST_LEVELS)) throw broken(`it is nested more than ${MOST_LEVELS} levels deep`);
  const issue = kind.schema.safeParse(value).error?.issues[0];
  if (issue !== undefined) throw broken(`${issue.path.join('.')}: ${issue.message}`);
  delete value.checksum;
  const fault = kind.faultOf?.(value);
  if (fault !== undefined) throw broken(fault);
  // What was parsed, not what the schema made of it: a stream's schema is its author's text, and nothing of it may be lost.
  return value;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
