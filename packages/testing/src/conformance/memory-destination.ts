import { type CompareCursor, cursorOrder } from '@aries-data/formats/internal';
import { AriesError, defineDestination, type JsonRecord, type LedgerRow, type LoadTarget } from '@aries-data/sdk';
import { z } from 'zod';
import { keyOf } from './compare.ts';
import { defineConformance } from './suite.ts';

/** The destination rule that a memory destination breaks. */
export type Fault =
  | 'append'
  | 'replace'
  | 'replace-interval'
  | 'merge'
  | 'deletes'
  | 'compare'
  | 'history'
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
  | 'abort'
  | 'refused-values'
  | 'cursor-order'
  | 'at-once'
  | 'remade';

interface Target {
  /** Unique for each time the target is created. */
  identity: string;
  columns: Set<string>;
  rows: JsonRecord[];
}

interface World extends AsyncDisposable {
  config: { name: string };
  targets: Map<string, Target>;
  ledger: LedgerRow[];
}

/** Makes a destination in memory that breaks at most one rule, with its suite. */
export function memoryDestination(fault?: Fault) {
  const worlds = new Map<string, World>();

  const destination = defineDestination({
    config: z.object({ name: z.string().describe('Name of the world') }),
    formats: [],
    dispositions: ['append', 'replace', 'replace-interval', 'merge', 'history'],
    deletes: ['hard', 'soft'],
    delivery: 'transactional',
    async open({ config }) {
      const world = worlds.get(config.name)!;
      const pending = new Map<string, { target: LoadTarget; records: JsonRecord[]; identity: string | undefined }>();
      const ledger = (targets: readonly string[]) =>
        fault === 'twice' ? [] : world.ledger.filter((row) => targets.includes(row.target));
      return {
        ledger: async (targets) => ledger(targets),
        async inspect({ target, fields }) {
          const found = world.targets.get(target);
          const added = fields.filter(({ name }) => found !== undefined && !found.columns.has(name));
          const changes = fault === 'freeze' ? [] : added.map(({ name }) => `add column "${name}"`);
          const has = (field: string) => found?.columns.has(field) === true;
          return found === undefined
            ? { exists: false, changes, has }
            : { exists: true, identity: fault === 'remade' ? target : found.identity, changes, has };
        },
        async open(target, reject) {
          const records: JsonRecord[] = [];
          let batches = 0;
          return {
            async writeBatch(batch) {
              batches++;
              for (const [index, record] of batch.entries()) {
                const reason = fault === 'refused-values' ? undefined : refusalOf(record);
                if (reason === undefined) records.push(altered(record, fault));
                else reject({ reason, origin: `batch ${batches}, record ${index + 1}`, record });
              }
              if (fault === 'abort')
                world.targets.set(target.target, { identity: '', columns: new Set(), rows: records });
            },
            async finish() {
              if (fault !== 'compare') checkMost(world.targets.get(target.target), records, target);
              pending.set(target.target, { target, records, identity: world.targets.get(target.target)?.identity });
              return { received: records.length };
            },
          };
        },
        async commit(rows, confirm, dropped = []) {
          if (fault !== 'at-once') confirm(ledger(rows.map(({ target }) => target)));
          const isRemade = [...pending].some(([name, { identity }]) => world.targets.get(name)?.identity !== identity);
          if (isRemade && fault !== 'at-once')
            throw new AriesError('ATTEMPT_CONFLICT', 'A target was recreated during the load');
          for (const [name, { target, records }] of pending)
            world.targets.set(name, applied(world.targets.get(name), records, target, fault));
          world.ledger = world.ledger.filter((row) => !dropped.includes(row));
          world.ledger.push(
            ...rows.map((row) => ({
              ...row,
              identity: fault === 'remade' ? row.target : (world.targets.get(row.target)?.identity ?? ''),
            })),
          );
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
    remake(target, { targets }) {
      const old = targets.get(target);
      if (old !== undefined) targets.set(target, { ...old, identity: newIdentity(), rows: [] });
    },
  });
  return { destination, suite };
}

let made = 0;
const newIdentity = () => `made ${++made}`;

/** Refuses text that UTF-8 cannot hold. */
function refusalOf(record: JsonRecord): string | undefined {
  const odd = Object.entries(record).find(([, value]) => typeof value === 'string' && !value.isWellFormed());
  return odd === undefined ? undefined : `"${odd[0]}" contains half of a surrogate pair`;
}

/** Changes a record according to the fault. */
function altered(record: JsonRecord, fault: Fault | undefined): JsonRecord {
  const entries = Object.entries(record).map(([name, value]) => {
    if (fault === 'names') return [name.toLowerCase(), value];
    if (fault === 'null-and-empty' && value === '') return [name, null];
    if (fault === 'unicode' && typeof value === 'string') return [name, value.normalize('NFC')];
    if (fault === 'refused-values' && typeof value === 'string') return [name, value.toWellFormed()];
    if (fault === 'huge-values' && name === 'id') return [name, String(Number(value))];
    return [name, value];
  });
  return Object.fromEntries(entries);
}

/** Returns the new state of the target. */
function applied(
  old: Target | undefined,
  records: readonly JsonRecord[],
  target: LoadTarget,
  fault: Fault | undefined,
): Target {
  const { disposition, primaryKey, cursor = '', fields, interval } = target;
  const identity = old?.identity ?? newIdentity();
  const columns = new Set([...(old?.columns ?? []), ...fields.map(({ name }) => name)]);
  const held = old?.rows ?? [];
  const known = (record: JsonRecord): JsonRecord =>
    fault === 'evolve' && old !== undefined
      ? Object.fromEntries(Object.entries(record).filter(([name]) => old.columns.has(name)))
      : record;
  const added = records.map(known);
  if (disposition === 'append') return { identity, columns, rows: fault === 'append' ? added : [...held, ...added] };
  if (disposition === 'replace') {
    const isKept = fault === 'replace' || (fault === 'zero-records' && added.length === 0);
    return { identity, columns, rows: isKept ? [...held, ...added] : added };
  }
  if (disposition === 'replace-interval') {
    const lies = (row: JsonRecord) =>
      fault !== 'replace-interval' &&
      Date.parse(String(row[cursor])) >= Date.parse(interval!.start) &&
      Date.parse(String(row[cursor])) < Date.parse(interval!.end);
    const keys = new Set(added.map((record) => keyOf(record, primaryKey)));
    return {
      identity,
      columns,
      rows: [...held.filter((row) => !lies(row) && !keys.has(keyOf(row, primaryKey))), ...added],
    };
  }
  if (disposition === 'history') return { identity, columns, rows: versions(held, added, target, fault) };
  if (target.changes === true) return { identity, columns, rows: changedRows(held, added, target, fault) };
  const there = new Set(added.map((record) => keyOf(record, primaryKey)));
  const left = target.compare === undefined ? held : held.filter((row) => there.has(keyOf(row, primaryKey)));
  return {
    identity,
    columns,
    rows: merged(left, added, { primaryKey, cursor, order: orderOf(fields, cursor, fault) }, fault),
  };
}

function orderOf(fields: LoadTarget['fields'], cursor: string, fault: Fault | undefined): CompareCursor {
  const kind = fields.find(({ name }) => name === cursor)?.kind ?? 'any';
  return cursorOrder(fault === 'cursor-order' ? 'string' : kind);
}

function merged(
  held: readonly JsonRecord[],
  added: readonly JsonRecord[],
  { primaryKey, cursor, order }: { primaryKey: readonly string[]; cursor: string; order: CompareCursor },
  fault: Fault | undefined,
): JsonRecord[] {
  if (fault === 'merge') return [...held, ...added];
  const rows = new Map(held.map((row) => [keyOf(row, primaryKey), row]));
  const isOlder = (record: JsonRecord, row: JsonRecord | undefined, isHeld: boolean) =>
    row !== undefined &&
    fault !== (isHeld ? 'key-updates' : 'duplicate-keys') &&
    order(String(record[cursor]), String(row[cursor])) < 0;
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

function checkMost(
  old: Target | undefined,
  records: readonly JsonRecord[],
  { compare, disposition, maxDeleted, primaryKey }: LoadTarget,
): void {
  if (old === undefined || compare === undefined || maxDeleted === undefined) return;
  const there = new Set(records.map((record) => keyOf(record, primaryKey)));
  const active = old.rows.filter((row) => disposition !== 'history' || row._valid_to === null);
  const gone = active.filter((row) => !there.has(keyOf(row, primaryKey))).length;
  const allowed = 'count' in maxDeleted ? maxDeleted.count : maxDeleted.share * active.length;
  if (gone > allowed) throw new AriesError('DELETES_TOO_MANY', `${gone} of ${active.length} records are gone`);
}

/** Applies changes in order. */
function changedRows(
  held: readonly JsonRecord[],
  changes: readonly JsonRecord[],
  { primaryKey, deletes }: LoadTarget,
  fault: Fault | undefined,
): JsonRecord[] {
  const rows = new Map(held.map((row) => [keyOf(row, primaryKey), row]));
  const there = new Set(rows.keys());
  let moved: JsonRecord | undefined;
  for (const { _aries_op: op, _aries_unsent: unsent, _aries_at: at, _aries_seq: _, ...record } of changes) {
    const key = keyOf(record, primaryKey);
    const before = rows.get(key);
    if (op === 'u') {
      const sent = Object.entries(record).filter(([name]) => !String(unsent ?? '').includes(`\n${name}\n`));
      const mark = deletes === 'soft' ? { _deleted_at: null } : {};
      rows.set(key, { ...(unsent === null ? {} : (moved ?? before)), ...Object.fromEntries(sent), ...mark });
      moved = undefined;
      continue;
    }
    if (fault === 'deletes') continue;
    moved = op === 'm' ? before : undefined;
    // What came and went within one load was never there.
    if (deletes === 'hard' || !there.has(key)) rows.delete(key);
    else if (before !== undefined) rows.set(key, { ...before, _deleted_at: at! });
  }
  return [...rows.values()];
}

/** Keeps versions of whole records. */
function versions(
  held: readonly JsonRecord[],
  added: readonly JsonRecord[],
  { primaryKey, readStart, fields, compare }: LoadTarget,
  fault: Fault | undefined,
): JsonRecord[] {
  const rows = held.map((row) => ({ ...row }));
  const isSame = (a: JsonRecord, b: JsonRecord) => fields.every(({ name }) => (a[name] ?? null) === (b[name] ?? null));
  const keys = new Set(added.map((record) => keyOf(record, primaryKey)));
  const ends = fault === 'history' ? null : readStart;
  for (const row of rows) {
    if (compare !== undefined && row._valid_to === null && !keys.has(keyOf(row, primaryKey))) row._valid_to = ends;
  }
  for (const record of added) {
    const key = keyOf(record, primaryKey);
    const current = rows.find((row) => row._valid_to === null && keyOf(row, primaryKey) === key);
    if (current !== undefined && isSame(current, record)) continue;
    if (current !== undefined) current._valid_to = ends;
    rows.push({ ...record, _valid_from: readStart, _valid_to: null });
  }
  return rows;
}
