import { createHash } from 'node:crypto';
import type { InputItem, Json } from '@aries-data/sdk';
import { z } from 'zod';
import { digestOf } from './sealed.ts';

/** Beyond that a stream is known by its source alone: a manifest and a ledger row do not grow with the number of files. */
const MOST_ITEMS = 1000;

/** What a stream was read from, so that a load which appends can tell whether it was appended before. */
export const inputSchema = z.object({
  source: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('Digest of connector, config and stream.'),
  items: z
    .array(
      z.object({
        name: z.string().describe('As messages show it.'),
        key: z.string().regex(/^[0-9a-f]{12}-[0-9a-f]{12}$/),
      }),
    )
    .max(MOST_ITEMS)
    .optional()
    .describe('What was read (files), where the source tells: each with a digest of what it is and of its version.'),
});

export type StreamInput = z.output<typeof inputSchema>;

/** `source`: whatever a read depends on, other than state and interval. */
export function streamInput(source: Json, items: readonly InputItem[] | undefined): StreamInput {
  const digest = digestOf(Buffer.from(JSON.stringify(source))).replace(/^sha256-/, '');
  return {
    source: digest.slice(0, 16),
    ...(items === undefined || items.length > MOST_ITEMS ? {} : { items: items.map(itemOf) }),
  };
}

/** The inputs of all partitions as one. */
export function joinedInput(inputs: readonly (StreamInput | undefined)[]): StreamInput | undefined {
  const [first] = inputs;
  if (first === undefined) return undefined;
  const items = inputs.flatMap((input) => input?.items ?? []);
  const isKnown = inputs.every((input) => input?.items !== undefined) && items.length <= MOST_ITEMS;
  return { source: first.source, ...(isKnown ? { items } : {}) };
}

/** What an item is, whatever its version: of two keys that agree here and differ, one has changed. */
export function identityOf(key: string): string {
  return key.slice(0, key.indexOf('-'));
}

function itemOf({ name, id = name, version }: InputItem): { name: string; key: string } {
  return { name, key: `${shortDigest(id)}-${shortDigest(version)}` };
}

function shortDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
