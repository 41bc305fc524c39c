import type { JsonRecord } from '@aries-data/sdk';
import { CHANGE_NAMES, unsentNames } from '@aries-data/sdk/internal';
import { keyOf } from './compare.ts';

const NAMES: ReadonlySet<string> = new Set(Object.values(CHANGE_NAMES));

/** Applies staged changes to records by key, as a merge would: a field that was not sent keeps its value. */
export function applyRows(
  held: Map<string, JsonRecord>,
  rows: readonly JsonRecord[],
  primaryKey: readonly string[],
): void {
  let moved: JsonRecord | undefined;
  for (const row of rows) {
    const key = keyOf(row, primaryKey);
    const op = row[CHANGE_NAMES.op];
    const before = moved ?? held.get(key);
    moved = undefined;
    if (op === 't') held.clear();
    else if (op === 'u') held.set(key, recordOf(row, before));
    else {
      if (op === 'm') moved = held.get(key);
      held.delete(key);
    }
  }
}

function recordOf(row: JsonRecord, before: JsonRecord | undefined): JsonRecord {
  const unsent = row[CHANGE_NAMES.unsent];
  const kept = typeof unsent === 'string' ? unsentNames(unsent) : [];
  const sent = Object.entries(row).filter(([name]) => !NAMES.has(name) && !kept.includes(name));
  const old = kept.flatMap((name) => (before?.[name] === undefined ? [] : [[name, before[name]] as const]));
  return Object.fromEntries([...sent, ...old]);
}
