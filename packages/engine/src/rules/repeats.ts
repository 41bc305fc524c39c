import type { LedgerRow } from '@aries-data/sdk';
import { identityOf, type StreamInput } from '../dataset/stream-input.ts';

/** What of an input was appended before. */
export interface Repeats {
  /** The run that did; undefined: nothing was. */
  runId: string | undefined;
  /** The items that are there, by name. Empty where only the source is known: then all of it counts as repeated. */
  items: string[];
  /** Items that were appended before and have changed since, by name. */
  changed: string[];
}

/** Compares what a full read has read with what the target holds. Rows that say nothing of their input count as other inputs. */
export function repeatsOf(input: StreamInput, held: readonly LedgerRow[]): Repeats {
  const runs = new Map<string, string>();
  const identities = new Set<string>();
  let sameSource: string | undefined;
  for (const row of held) {
    if (row.input === undefined || row.rows === 0) continue;
    const isCounted = input.items !== undefined && row.input.items !== undefined;
    if (!isCounted && row.input.source === input.source) sameSource = row.runId;
    for (const key of row.input.items ?? []) {
      runs.set(key, row.runId);
      identities.add(identityOf(key));
    }
  }
  const items = input.items ?? [];
  const repeated = items.filter(({ key }) => runs.has(key));
  return {
    runId: sameSource ?? runs.get(repeated[0]?.key ?? ''),
    items: sameSource === undefined ? repeated.map(({ name }) => name) : [],
    changed: items.filter(({ key }) => !runs.has(key) && identities.has(identityOf(key))).map(({ name }) => name),
  };
}
