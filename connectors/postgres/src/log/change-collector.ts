import { type ChangeLogItem, checkpoint, deleted, type JsonRecord, truncated, withChange } from '@aries-data/sdk';
import { commitTime } from './commit-time.ts';
import { earliest, type Lsn, latest, lsnText } from './lsn.ts';
import { malformed } from './malformed.ts';
import type { LogHandler, LogRelation } from './pgoutput.ts';
import type { LogPosition } from './position.ts';
import type { RowReader } from './row-reader.ts';
import type { Tuple } from './tuple.ts';

/** The most changes in a batch, and the bytes after which it is passed on. */
const BATCH_CHANGES = 2000;
const BATCH_BYTES = 1024 * 1024;
/** What a change takes besides its values. */
const CHANGE_BYTES = 128;

const UPSERT = 0;
const DELETE = 1;
const MOVED = 2;
const TRUNCATE = 3;

/** A stream that is read from the log. */
export interface CollectedStream {
  name: string;
  /** Everything before it is loaded already. */
  from: Lsn;
  /** Makes the reader for rows as the log describes them in the transaction with this commit, or says why they cannot be read. */
  readerFor(relation: LogRelation, commitLsn: Lsn): RowReader | Unfit;
}

/** Why rows cannot be read as records of the stream. */
export interface Unfit {
  /** The end of a sentence. */
  reason: string;
  /** True if the schema is older than the rows, so that a later read can read them. */
  isNewer: boolean;
}

/** Where the log no longer fits the schemas of the streams. */
export interface Misfit extends Unfit {
  stream: string;
  /** True if changes of the transaction in which it lies were already passed on. */
  isPartial: boolean;
}

/** Changes of one stream that were not passed on yet, as lists of the same length. */
interface Pending {
  stream: string;
  from: Lsn;
  ops: number[];
  records: (JsonRecord | undefined)[];
  times: string[];
  unsent: (string[] | undefined)[];
  bytes: number;
  /** How many of them belong to transactions that have ended. */
  whole: number;
}

export interface CollectorOptions {
  /** The streams by the oid of their table. */
  streams: ReadonlyMap<number, CollectedStream>;
  /** Where the log stood when the read began. From there on the read has caught up. */
  end: Lsn;
  /** Makes the position for a place in the log. */
  positionAt(lsn: string): LogPosition;
}

type Item = ChangeLogItem<LogPosition>;

/**
 * Turns what pgoutput says into what a change log yields. Small transactions share a batch, and a large one is passed on in many, so what
 * is kept in memory depends on neither. Checkpoints lie only between transactions, and not before the place that all streams have reached.
 */
export class ChangeCollector implements LogHandler {
  /** What is ready, in order. */
  readonly ready: Item[] = [];
  /** Bytes of what is ready. */
  readyBytes = 0;
  misfit: Misfit | undefined;
  readonly #options: CollectorOptions;
  readonly #first: Lsn;
  readonly #readers = new Map<number, RowReader | Unfit>();
  readonly #pending = new Map<number, Pending>();
  #commitLsn: Lsn | undefined;
  #time = '';
  /** The last place between two transactions. */
  #reached: Lsn;
  #checkpointed: Lsn | undefined;
  #hasCaughtUp = false;
  #isPartial = false;
  #bytesSinceCheckpoint = 0;
  readonly #bytesOf: number[] = [];

  constructor(options: CollectorOptions) {
    this.#options = options;
    const froms = [...options.streams.values()].map(({ from }) => from);
    this.#first = latest(froms);
    this.#reached = earliest(froms);
    for (const [oid, { name, from }] of options.streams) this.#pending.set(oid, pendingOf(name, from));
  }

  get isInTransaction(): boolean {
    return this.#commitLsn !== undefined;
  }

  /** The last place between two transactions. */
  get reached(): Lsn {
    return this.#reached;
  }

  /** True once the log was read up to where it stood at the start. */
  get hasCaughtUp(): boolean {
    return this.#reached >= this.#options.end && this.#reached >= this.#first;
  }

  begin(commitLsn: Lsn, time: bigint): void {
    if (this.#commitLsn !== undefined) throw malformed('a transaction begins inside another');
    this.#commitLsn = commitLsn;
    this.#time = commitTime(time);
    this.#isPartial = false;
  }

  commit(commitLsn: Lsn, endLsn: Lsn): void {
    if (this.#commitLsn !== commitLsn) throw malformed('a transaction ends that did not begin');
    this.#commitLsn = undefined;
    if (endLsn > this.#reached) this.#reached = endLsn;
    for (const one of this.#pending.values()) one.whole = one.ops.length;
    if (this.#bytesSinceCheckpoint >= BATCH_BYTES) this.passOn();
  }

  /** Notes that the server has sent everything before `lsn`. */
  keepalive(lsn: Lsn): void {
    // Inside a transaction, `lsn` may lie after changes that are still to come.
    if (this.#commitLsn === undefined && lsn > this.#reached) this.#reached = lsn;
  }

  relation(relation: LogRelation): void {
    const stream = this.#options.streams.get(relation.oid);
    if (stream === undefined) return;
    this.#readers.set(relation.oid, stream.readerFor(relation, this.#commitLsn ?? 0n));
  }

  wants(oid: number): boolean {
    const pending = this.#pending.get(oid);
    if (pending === undefined || this.misfit !== undefined || this.#isCovered(pending.from)) return false;
    const reader = this.#readers.get(oid);
    if (reader === undefined || !('reason' in reader)) return true;
    this.misfit = { ...reader, stream: pending.stream, isPartial: this.#isPartial };
    return false;
  }

  insert(oid: number, row: Tuple): void {
    this.#add(oid, UPSERT, this.#reader(oid).inserted(row), undefined, row.size);
  }

  update(oid: number, row: Tuple, old: Tuple | undefined): void {
    const reader = this.#reader(oid);
    const moved = reader.movedFrom(row, old);
    if (moved !== undefined) this.#add(oid, MOVED, moved, undefined, old!.size);
    const { record, unsent } = reader.updated(row, old);
    this.#add(oid, UPSERT, record, unsent, row.size);
  }

  delete(oid: number, old: Tuple): void {
    this.#add(oid, DELETE, this.#reader(oid).deleted(old), undefined, old.size);
  }

  truncate(oids: readonly number[]): void {
    for (const oid of oids) if (this.wants(oid)) this.#add(oid, TRUNCATE, undefined, undefined, 0);
  }

  /** Passes on all changes of transactions that have ended, and a checkpoint after them. Only between transactions. */
  passOn(): void {
    for (const one of this.#pending.values()) this.#flush(one);
    this.checkpoint();
  }

  /** Adds a checkpoint, if anything happened since the last. `always` adds it in any case. */
  checkpoint({ always = false } = {}): void {
    this.#bytesSinceCheckpoint = 0;
    if (this.#reached < this.#first) return;
    const caughtUp = this.hasCaughtUp;
    if (!always && this.#checkpointed === this.#reached && this.#hasCaughtUp === caughtUp) return;
    this.#checkpointed = this.#reached;
    this.#hasCaughtUp = caughtUp;
    this.ready.push(checkpoint(this.#options.positionAt(lsnText(this.#reached)), { caughtUp }));
    this.#bytesOf.push(0);
  }

  /** Drops the changes of the transaction that has begun and passes on those before it. */
  passOnWhole(): void {
    this.#commitLsn = undefined;
    for (const one of this.#pending.values()) {
      for (const list of [one.ops, one.records, one.times, one.unsent]) list.length = one.whole;
    }
    this.passOn();
  }

  /** Takes the next item; undefined if none is ready. */
  take(): Item | undefined {
    const item = this.ready.shift();
    if (item !== undefined) this.readyBytes -= this.#bytesOf.shift()!;
    return item;
  }

  /** A stream whose own position lies after the transaction has it already. A commit may begin where the last one ended. */
  #isCovered(from: Lsn): boolean {
    return this.#commitLsn !== undefined && this.#commitLsn < from;
  }

  #reader(oid: number): RowReader {
    const reader = this.#readers.get(oid);
    if (reader === undefined || 'reason' in reader) throw malformed('a row comes before its table');
    return reader;
  }

  #add(oid: number, op: number, record: JsonRecord | undefined, unsent: string[] | undefined, bytes: number): void {
    if (this.#commitLsn === undefined) throw malformed('a change lies outside of transactions');
    const one = this.#pending.get(oid)!;
    one.ops.push(op);
    one.records.push(record);
    one.times.push(this.#time);
    one.unsent.push(unsent);
    one.bytes += bytes + CHANGE_BYTES;
    this.#bytesSinceCheckpoint += bytes + CHANGE_BYTES;
    // The record with the new key must follow the old key at once.
    if (op === MOVED || (one.ops.length < BATCH_CHANGES && one.bytes < BATCH_BYTES)) return;
    if (one.whole < one.ops.length) this.#isPartial = true;
    this.#flush(one);
    // A checkpoint is due at the end of the transaction.
    this.#bytesSinceCheckpoint = BATCH_BYTES;
  }

  #flush(one: Pending): void {
    const { stream, ops, records, times, unsent, bytes } = one;
    if (ops.length === 0) return;
    Object.assign(one, pendingOf(stream, one.from));
    let start = 0;
    while (start < ops.length) {
      const end = runEnd(ops, times, start);
      this.ready.push({ stream, item: itemOf({ ops, records, times, unsent }, start, end) } as Item);
      this.#bytesOf.push(end === ops.length ? bytes : 0);
      start = end;
    }
    this.readyBytes += bytes;
  }
}

function pendingOf(stream: string, from: Lsn): Pending {
  return { stream, from, ops: [], records: [], times: [], unsent: [], bytes: 0, whole: 0 };
}

/** Returns the end of the changes that one item can hold: records, or deletes of one time. */
function runEnd(ops: readonly number[], times: readonly string[], start: number): number {
  const op = ops[start];
  let end = start + 1;
  if (op === MOVED || op === TRUNCATE) return end;
  while (end < ops.length && ops[end] === op && (op === UPSERT || times[end] === times[start])) end++;
  return end;
}

function itemOf(
  { ops, records, times, unsent }: Pick<Pending, 'ops' | 'records' | 'times' | 'unsent'>,
  start: number,
  end: number,
) {
  const at = times[start]!;
  if (ops[start] === TRUNCATE) return truncated({ at });
  const batch = (start === 0 && end === ops.length ? records : records.slice(start, end)) as JsonRecord[];
  if (ops[start] === UPSERT)
    return withChange(batch, (index) => ({ at: times[start + index]!, unsent: unsent[start + index] }));
  return ops[start] === MOVED ? deleted(batch, { at, moved: true }) : deleted(batch, { at });
}
