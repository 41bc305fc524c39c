import { z } from 'zod';
import { defineDestination, type LoadTarget } from '../../destination.ts';
import type { LedgerRow } from '../../ledger.ts';
import type { JsonRecord } from '../../schema.ts';
import { keyOf } from './compare.ts';
import { defineConformance } from './suite.ts';

/** The rule of destinations that a memory destination breaks. */
export type Fault =
  | 'append'
  | 'replace'
  | 'replace-interval'
  | 'merge'
  | 'twice'
  | 'duplicate-keys'
  | 'key-updates'
  | 'evolve'
  | 'freeze'
  | 'missing-fields'
  | 'names'
  | 'null-and-empty'
  | 'unicode'
  | 'huge-values'
  | 'zero-records'
  | 'abort';

interface Target {
  columns: Set<string>;
  rows: JsonRecord[];
}

interface World extends AsyncDisposable {
  config: { name: string };
  targets: Map<string, Target>;
  ledger: LedgerRow[];
}

/** A destination in memory that keeps every rule, but for one; and how to test it. */
export function memoryDestination(fault?: Fault) {
  const worlds = new Map<string, World>();

  const destination = defineDestination({
    config: z.object({ name: z.string().describe('Name of the world') }),
    formats: [],
    dispositions: ['append', 'replace', 'replace-interval', 'merge'],
    delivery: 'transactional',
    async open({ config }) {
      const world = worlds.get(config.name)!;
      const pending = new Map<string, Target>();
      const ledger = (targets: readonly string[]) =>
        fault === 'twice' ? [] : world.ledger.filter((row) => targets.includes(row.target));
      return {
        ledger: async (targets) => ledger(targets),
        async inspect({ target, fields }) {
          const found = world.targets.get(target);
          const added = fields.filter(({ name }) => found !== undefined && !found.columns.has(name));
          const changes = fault === 'freeze' ? [] : added.map(({ name }) => `add column "${name}"`);
          const has = (field: string) => found?.columns.has(field) === true;
          return { exists: found !== undefined, identity: target, changes, has };
        },
        async open(target) {
          const records: JsonRecord[] = [];
          return {
            async writeBatch(batch) {
              for (const record of batch) records.push(altered(record, fault));
              if (fault === 'abort') world.targets.set(target.target, { columns: new Set(), rows: records });
            },
            async finish() {
              pending.set(target.target, applied(world.targets.get(target.target), records, target, fault));
              return { received: records.length };
            },
          };
        },
        async commit(rows, confirm) {
          confirm(ledger(rows.map(({ target }) => target)));
          for (const [name, target] of pending) world.targets.set(name, target);
          world.ledger.push(...rows.map((row) => ({ ...row, identity: row.target })));
        },
        forget: async () => 0,
        async close() {
          pending.clear();
        },
      };
    },
  });

  const suite = defineConformance({
    setup(): World {
      const name = `world ${worlds.size}`;
      const world: World = {
        config: { name },
        targets: new Map(),
        ledger: [],
        [Symbol.asyncDispose]: async () => void worlds.delete(name),
      };
      worlds.set(name, world);
      return world;
    },
    rows: (target, { targets }) => targets.get(target)?.rows ?? [],
  });
  return { destination, suite };
}

/** How a record arrives where values or names are not kept. */
function altered(record: JsonRecord, fault: Fault | undefined): JsonRecord {
  const entries = Object.entries(record).map(([name, value]) => {
    if (fault === 'names') return [name.toLowerCase(), value];
    if (fault === 'null-and-empty' && value === '') return [name, null];
    if (fault === 'unicode' && typeof value === 'string') return [name, value.normalize('NFC')];
    if (fault === 'huge-values' && name === 'id') return [name, String(Number(value))];
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** The target as it will be. */
function applied(
  old: Target | undefined,
  records: readonly JsonRecord[],
  { disposition, primaryKey, cursor = '', fields, interval }: LoadTarget,
  fault: Fault | undefined,
): Target {
  const columns = new Set([...(old?.columns ?? []), ...fields.map(({ name }) => name)]);
  const held = old?.rows ?? [];
  const known = (record: JsonRecord): JsonRecord =>
    fault === 'evolve' && old !== undefined
      ? Object.fromEntries(Object.entries(record).filter(([name]) => old.columns.has(name)))
      : record;
  const added = records.map(known);
  if (disposition === 'append') return { columns, rows: fault === 'append' ? added : [...held, ...added] };
  if (disposition === 'replace') {
    const isKept = fault === 'replace' || (fault === 'zero-records' && added.length === 0);
    return { columns, rows: isKept ? [...held, ...added] : added };
  }
  if (disposition === 'replace-interval') {
    const lies = (row: JsonRecord) =>
      fault !== 'replace-interval' &&
      Date.parse(String(row[cursor])) >= Date.parse(interval!.start) &&
      Date.parse(String(row[cursor])) < Date.parse(interval!.end);
    const keys = new Set(added.map((record) => keyOf(record, primaryKey)));
    return { columns, rows: [...held.filter((row) => !lies(row) && !keys.has(keyOf(row, primaryKey))), ...added] };
  }
  return { columns, rows: merged(held, added, { primaryKey, cursor }, fault) };
}

function merged(
  held: readonly JsonRecord[],
  added: readonly JsonRecord[],
  { primaryKey, cursor }: { primaryKey: readonly string[]; cursor: string },
  fault: Fault | undefined,
): JsonRecord[] {
  if (fault === 'merge') return [...held, ...added];
  const rows = new Map(held.map((row) => [keyOf(row, primaryKey), row]));
  const isOlder = (record: JsonRecord, row: JsonRecord | undefined, isHeld: boolean) =>
    row !== undefined &&
    fault !== (isHeld ? 'key-updates' : 'duplicate-keys') &&
    String(record[cursor]) < String(row[cursor]);
  const fresh = new Set<string>();
  for (const record of added) {
    const key = keyOf(record, primaryKey);
    const row = rows.get(key);
    if (isOlder(record, row, !fresh.has(key))) continue;
    rows.set(key, fault === 'missing-fields' ? record : { ...row, ...record });
    fresh.add(key);
  }
  return [...rows.values()];
}
