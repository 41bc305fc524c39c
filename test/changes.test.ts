import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { extract, load } from '@aries-data/engine';
import {
  type Connector,
  checkpoint,
  type Deletes,
  type Disposition,
  defineSource,
  deleted,
  type JsonRecord,
  type Change as SaidChange,
  truncated,
  type Unchecked,
  withChange,
} from '@aries-data/sdk';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import * as duckdb from '../connectors/duckdb/src/index.ts';
import * as postgres from '../connectors/postgres/src/index.ts';
import * as sqlite from '../templates/database/src/index.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { type FreshDatabase, freshDatabase } from './services/database.ts';
import { query } from './services/query.ts';

let folder: string;
let database: FreshDatabase;

beforeAll(async () => {
  folder = await temporaryFolder();
  database = await freshDatabase();
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** One change of a source's table. `touch` and `move` do not send the body. */
type Change =
  | { kind: 'put'; id: number; name: string; body: string | null }
  | { kind: 'touch'; id: number; name: string }
  | { kind: 'move'; id: number; to: number; name: string }
  | { kind: 'delete'; id: number }
  | { kind: 'truncate' };

/** Changes that were committed together, so many seconds after the start. */
interface Transaction {
  second: number;
  changes: Change[];
}

interface Row {
  id: number;
  name: string;
  body: string | null;
}

const START = Date.UTC(2026, 0, 1);
const timeOf = (second: number) => new Date(START + second * 1000).toISOString();

/** A table with its history, as its own database would keep it. */
class Model {
  readonly rows = new Map<number, Row>();
  readonly versions: (Row & { from: number; to: number | null })[] = [];
  /** Rows that are gone, with their time. */
  readonly gone = new Map<number, Row & { at: number }>();
  /** Each time that a row went. */
  readonly deletions: { id: number; at: number }[] = [];
  readonly log: { op: string; id: number | null }[] = [];
  /** Leaves out changes that a database could not make, and returns the others. */
  commit({ second, changes }: Transaction): Transaction {
    const before = new Map(this.rows);
    const made = changes.filter((change) => this.#apply(change, second));
    for (const id of new Set([...before.keys(), ...this.rows.keys()])) {
      const [was, is] = [before.get(id), this.rows.get(id)];
      if (JSON.stringify(was) === JSON.stringify(is)) continue;
      this.#close(id, second);
      if (is !== undefined) this.versions.push({ ...is, from: second, to: null });
    }
    return { second, changes: made };
  }

  #close(id: number, second: number): void {
    const current = this.versions.find((one) => one.id === id && one.to === null);
    if (current !== undefined) current.to = second;
  }

  #remove(id: number, at: number): void {
    this.gone.set(id, { ...this.rows.get(id)!, at });
    this.deletions.push({ id, at });
    this.rows.delete(id);
  }

  #apply(change: Change, second: number): boolean {
    switch (change.kind) {
      case 'put':
        this.rows.set(change.id, { id: change.id, name: change.name, body: change.body });
        this.gone.delete(change.id);
        this.log.push({ op: 'u', id: change.id });
        return true;
      case 'touch': {
        const row = this.rows.get(change.id);
        if (row === undefined) return false;
        this.rows.set(change.id, { ...row, name: change.name });
        this.log.push({ op: 'u', id: change.id });
        return true;
      }
      case 'move': {
        const row = this.rows.get(change.id);
        if (row === undefined || this.rows.has(change.to)) return false;
        this.#remove(change.id, second);
        this.rows.set(change.to, { ...row, id: change.to, name: change.name });
        this.gone.delete(change.to);
        this.log.push({ op: 'm', id: change.id }, { op: 'u', id: change.to });
        return true;
      }
      case 'delete':
        if (!this.rows.has(change.id)) return false;
        this.#remove(change.id, second);
        this.log.push({ op: 'd', id: change.id });
        return true;
      case 'truncate':
        for (const id of [...this.rows.keys()]) this.#remove(id, second);
        this.log.push({ op: 't', id: null });
        return true;
    }
  }
}

const id = fc.integer({ min: 1, max: 4 });
const name = fc.constantFrom('a', 'b', 'c');
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), id, name, body: fc.constantFrom('x', 'y', null) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('touch' as const), id, name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('move' as const), id, to: id, name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), id }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'truncate' as const }) },
);
const transaction: fc.Arbitrary<Transaction> = fc.record({
  second: fc.integer({ min: 0, max: 20 }),
  changes: fc.array(change, { minLength: 1, maxLength: 4 }),
});
/** The transactions that each run reads. */
const runs = fc.array(fc.array(transaction, { maxLength: 5 }), { minLength: 1, maxLength: 4 });

/** A record, or a key, and what is said of it; or that all records are gone. */
type Item = { record: Unchecked; change: SaidChange } | { truncated: string };

function itemsOf(one: Change, at: string): Item[] {
  const item = (record: JsonRecord, change: SaidChange): Item => ({ record: record as Unchecked, change });
  if (one.kind === 'truncate') return [{ truncated: at }];
  if (one.kind === 'delete') return [item({ id: one.id }, { at, gone: 'deleted' })];
  if (one.kind === 'put') return [item({ id: one.id, name: one.name, body: one.body }, { at })];
  if (one.kind === 'touch') return [item({ id: one.id, name: one.name }, { at, unsent: ['body'] })];
  return [item({ id: one.id }, { at, gone: 'moved' }), item({ id: one.to, name: one.name }, { at, unsent: ['body'] })];
}

function* alone(items: readonly Item[]) {
  for (const item of items) {
    if ('truncated' in item) {
      yield truncated({ at: item.truncated });
      continue;
    }
    const { record, change } = item;
    const { at, gone } = change;
    if (gone === undefined) yield withChange([record], () => change);
    else yield deleted([record], { at, moved: gone === 'moved' });
  }
}

function* together(items: readonly Item[]) {
  for (let start = 0, end = 0; start < items.length; start = end) {
    const first = items[start]!;
    end = start + 1;
    if ('truncated' in first) {
      yield truncated({ at: first.truncated });
      continue;
    }
    while (end < items.length && 'record' in items[end]!) end++;
    const run = items.slice(start, end) as Exclude<Item, { truncated: string }>[];
    yield withChange(
      run.map(({ record }) => record),
      (index) => run[index]!.change,
    );
  }
}

/** Makes a source that reads a log of transactions from its position on. */
function sourceOf(log: readonly Transaction[]): Connector {
  return {
    name: 'log',
    version: '1.0.0',
    source: defineSource({
      config: z.object({}),
      streams: ({ stream }) => ({
        items: stream({
          schema: z.object({ id: z.int(), name: z.string(), body: z.string().nullable() }),
          primaryKey: ['id'],
          changes: true,
          state: 'position',
          position: z.object({ transactions: z.int() }),
          async *read({ position }) {
            const start = position?.transactions ?? 0;
            for (const [index, { second, changes }] of log.slice(start).entries()) {
              const items = changes.flatMap((one) => itemsOf(one, timeOf(second)));
              // A source may also yield what follows each other in one batch.
              yield* second % 2 === 0 ? alone(items) : together(items);
              yield checkpoint({ transactions: start + index + 1 });
            }
          },
        }),
      }),
    }),
  };
}

interface Target {
  connector: Connector;
  config(name: string): Record<string, unknown>;
  rows(name: string): Promise<JsonRecord[]>;
}

const targets: Record<string, Target> = {
  postgres: {
    connector: { name: 'postgres', version: '1.0.0', destination: postgres.destination } as Connector,
    config: (schema) => ({ url: database.url, schema }),
    rows: (schema) => query(database.url, `SELECT * FROM "${schema}".items`) as Promise<JsonRecord[]>,
  },
  duckdb: {
    connector: { name: 'duckdb', version: '1.0.0', destination: duckdb.destination } as Connector,
    config: (file) => ({ path: join(folder, `${file}.duckdb`) }),
    async rows(file) {
      const instance = await DuckDBInstance.create(join(folder, `${file}.duckdb`));
      const connection = await instance.connect();
      await connection.run("SET TimeZone = 'UTC'");
      const reader = await connection.runAndReadAll('SELECT * FROM items');
      const rows = reader.getRowObjectsJson() as JsonRecord[];
      connection.closeSync();
      instance.closeSync();
      return rows;
    },
  },
  'the database template': {
    connector: { name: 'sqlite', version: '1.0.0', destination: sqlite.destination } as Connector,
    config: (file) => ({ path: join(folder, `${file}.sqlite`) }),
    async rows(file) {
      using opened = new DatabaseSync(join(folder, `${file}.sqlite`), { readOnly: true });
      const statement = opened.prepare('SELECT * FROM items');
      statement.setReadBigInts(true);
      return statement.all() as JsonRecord[];
    },
  },
};

let count = 0;

/** Loads the runs into a target, and returns its rows together with what they should be. */
async function follow(
  target: Target,
  read: readonly Transaction[][],
  disposition: Disposition,
  { deletes, clock = 'forward' }: { deletes?: Deletes; clock?: 'forward' | 'any' } = {},
): Promise<{ rows: JsonRecord[]; model: Model }> {
  const name = `changes_${++count}`;
  const staging = String(pathToFileURL(join(folder, `staging-${name}`)));
  if (target === targets.postgres) await query(database.url, `CREATE SCHEMA "${name}"`);
  const model = new Model();
  const log: Transaction[] = [];
  for (const [index, transactions] of read.entries()) {
    for (const one of transactions) log.push(model.commit(clock === 'any' ? one : { ...one, second: log.length }));
    const runId = `run-${index}`;
    const source = { connector: sourceOf(log), config: {} };
    const { dataset } = await extract({ source, staging, name, runId });
    const destination = { connector: target.connector, config: target.config(name) };
    await load({ destination, input: [dataset], disposition, deletes });
  }
  return { rows: await target.rows(name), model };
}

const secondOf = (value: unknown): number | null => {
  if (value === null) return null;
  const text = value instanceof Date ? value.toISOString() : String(value).replace(' ', 'T');
  const time = Date.parse(/(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text) ? text.replace(/([+-]\d\d)$/, '$1:00') : `${text}Z`);
  return (time - START) / 1000;
};
const sorted = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
const plain = (row: JsonRecord) => ({ id: Number(row.id), name: row.name, body: row.body });

/** A run takes several loads, of which those in this process are the fastest. */
const RUNS_OF: Record<string, number> = { postgres: 5, duckdb: 5, 'the database template': 40 };

describe.each(Object.entries(targets))('changes in %s', (name, target) => {
  // Each attempt at a smaller example would take as long.
  const RUNS = { numRuns: Number(process.env.CHANGES_RUNS ?? RUNS_OF[name]), endOnFailure: true };

  test('merge with hard deletes leaves what the source has', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (read) => {
        const { rows, model } = await follow(target, read, 'merge', { deletes: 'hard' });
        expect(sorted(rows.map(plain))).toEqual(sorted([...model.rows.values()]));
      }),
      RUNS,
    );
  });

  test('merge with soft deletes marks what is gone', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (read) => {
        const { rows, model } = await follow(target, read, 'merge', { deletes: 'soft' });
        const marked = rows.filter((row) => row._deleted_at !== null);
        expect(sorted(rows.filter((row) => row._deleted_at === null).map(plain))).toEqual(
          sorted([...model.rows.values()]),
        );
        // What came and went within one run was never in the target.
        for (const row of marked) {
          expect(model.gone.has(Number(row.id))).toBe(true);
          expect(model.deletions).toContainEqual({ id: Number(row.id), at: secondOf(row._deleted_at!) });
        }
      }),
      RUNS,
    );
  });

  test('history keeps the versions that the source had', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (read) => {
        const { rows, model } = await follow(target, read, 'history');
        const versions = rows.map((row) => ({
          ...plain(row),
          from: secondOf(row._valid_from),
          to: secondOf(row._valid_to),
        }));
        expect(sorted(versions)).toEqual(sorted(model.versions));
      }),
      RUNS,
    );
  });

  test('history is in order even if the clock of the source is not', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (read) => {
        const { rows, model } = await follow(target, read, 'history', { clock: 'any' });
        const current = rows.filter((row) => row._valid_to === null);
        expect(sorted(current.map(plain))).toEqual(sorted([...model.rows.values()]));
        const spans = rows.map((row) => ({
          id: Number(row.id),
          from: secondOf(row._valid_from)!,
          to: secondOf(row._valid_to) ?? Infinity,
        }));
        for (const one of spans) {
          expect(one.from).toBeLessThan(one.to);
          for (const other of spans) {
            if (other === one || other.id !== one.id) continue;
            expect(other.to <= one.from || one.to <= other.from).toBe(true);
          }
        }
      }),
      RUNS,
    );
  });

  test('append keeps all changes, in order', async () => {
    await fc.assert(
      fc.asyncProperty(runs, async (read) => {
        const { rows, model } = await follow(target, read, 'append');
        const ordered = rows.toSorted((a, b) => Number(BigInt(String(a._aries_seq)) - BigInt(String(b._aries_seq))));
        const log = ordered.map((row) => ({ op: row._aries_op, id: row.id === null ? null : Number(row.id) }));
        expect(log).toEqual(model.log);
      }),
      RUNS,
    );
  });
});
