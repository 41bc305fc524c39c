import { createHash } from 'node:crypto';
import type { InputItem, Json } from '@aries-data/sdk';
import { z } from 'zod';
import { digestOf } from './sealed.ts';

/** The most items to list. With more, only the source is recorded, so that manifests and ledger rows do not grow with the files. */
const MOST_ITEMS = 1000;
/** The most names of changed items to list. */
const MOST_CHANGED = 20;

/** Inputs of a stream, so that an appending load can tell whether they were already appended. */
export const inputSchema = z.object({
  source: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('Digest of connector, config and stream.'),
  items: z
    .array(
      z.object({
        name: z.string().describe('Name for messages.'),
        key: z.string().regex(/^[0-9a-f]{12}-[0-9a-f]{12}$/),
      }),
    )
    .max(MOST_ITEMS)
    .optional()
    .describe('Items that were read (files), if the source reports them, each with digests of its ID and version.'),
  changed: z
    .array(z.string())
    .max(MOST_CHANGED)
    .optional()
    .describe('Names of items that an earlier run read in another version, or the first of them.'),
});

export type StreamInput = z.output<typeof inputSchema>;

/** Makes the input of a stream. `source` is everything that a read depends on, except state and interval. */
export function streamInput(
  source: Json,
  items: readonly InputItem[] | undefined,
  changed: readonly string[] = [],
): StreamInput {
  const digest = digestOf(Buffer.from(JSON.stringify(source))).replace(/^sha256-/, '');
  return {
    source: digest.slice(0, 16),
    ...(items === undefined || items.length > MOST_ITEMS ? {} : { items: items.map(itemOf) }),
    ...(changed.length === 0 ? {} : { changed: changed.slice(0, MOST_CHANGED) }),
  };
}

/** Joins the inputs of all partitions. */
export function joinedInput(inputs: readonly (StreamInput | undefined)[]): StreamInput | undefined {
  const [first] = inputs;
  if (first === undefined) return undefined;
  const items = inputs.flatMap((input) => input?.items ?? []);
  const isKnown = inputs.every((input) => input?.items !== undefined) && items.length <= MOST_ITEMS;
  const changed = inputs.flatMap((input) => input?.changed ?? []).slice(0, MOST_CHANGED);
  return {
    source: first.source,
    ...(isKnown ? { items } : {}),
    ...(changed.length === 0 ? {} : { changed }),
  };
}

/** Returns the part of a key that identifies an item. Two different keys with the same identity are versions of one item. */
export function identityOf(key: string): string {
  return key.slice(0, key.indexOf('-'));
}

function itemOf({ name, id = name, version }: InputItem): { name: string; key: string } {
  return { name, key: `${shortDigest(id)}-${shortDigest(version)}` };
}

function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
