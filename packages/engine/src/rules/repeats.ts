import type { LedgerRow } from '@aries-data/sdk';
import { identityOf, type StreamInput } from '../dataset/stream-input.ts';

/** Inputs that were already appended. */
export interface Repeats {
  /** Run that appended them. Undefined if there are none. */
  runId: string | undefined;
  /** Names of repeated items. Empty if only the source is known: then all of it counts as repeated. */
  items: string[];
  /** Names of items that were appended and have changed since. */
  changed: string[];
}

/**
 * Compares the inputs of a read with those in the target. Ledger rows without an input count as other inputs. If a read is full and its
 * items or those of a row are not known, the same source counts as the same records.
 */
export function repeatsOf(input: StreamInput, held: readonly LedgerRow[], isFull = true): Repeats {
  const runs = new Map<string, string>();
  const identities = new Set<string>();
  let sameSource: string | undefined;
  for (const row of held) {
    if (row.input === undefined || row.rows === 0) continue;
    const isCounted = input.items !== undefined && row.input.items !== undefined;
    if (isFull && !isCounted && row.input.source === input.source) sameSource = row.runId;
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
