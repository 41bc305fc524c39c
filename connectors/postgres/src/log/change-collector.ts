import {
  type Change,
  type ChangeLogItem,
  checkpoint,
  type DeletedItem,
  type JsonRecord,
  truncated,
  withChange,
} from '@aries-data/sdk';
import { commitTime } from './commit-time.ts';
import { earliest, type Lsn, latest, lsnText } from './lsn.ts';
import { malformed } from './malformed.ts';
import type { LogHandler, LogRelation } from './pgoutput.ts';
import type { LogPosition } from './position.ts';
import type { RowReader } from './row-reader.ts';
import type { Tuple } from './tuple.ts';

/** The most changes in a batch, and the bytes after which it is passed on. */
const BATCH_CHANGES = 500;
const BATCH_BYTES = 1024 * 1024;
/** What a change takes besides its values. */
const CHANGE_BYTES = 128;

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

/** A change, or that all records are gone, which has no record. */
type PendingChange = Change & { isTruncation?: true };

/** Changes of one stream that were not passed on yet, as lists of the same length. */
interface Pending {
  stream: string;
  from: Lsn;
  /** Records, and keys of those that are gone. */
  records: JsonRecord[];
  changes: PendingChange[];
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
  /** What is said of the changes of the transaction. Nearly all say the same, so they share it. */
  #change: Change = {};
  #deleted: Change = {};
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
    const at = commitTime(time);
    this.#change = { at, unsent: undefined, gone: undefined };
    this.#deleted = { at, unsent: undefined, gone: 'deleted' };
    this.#isPartial = false;
  }

  commit(commitLsn: Lsn, endLsn: Lsn): void {
    if (this.#commitLsn !== commitLsn) throw malformed('a transaction ends that did not begin');
    this.#commitLsn = undefined;
    if (endLsn > this.#reached) this.#reached = endLsn;
    for (const one of this.#pending.values()) one.whole = one.records.length;
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
    this.#add(oid, this.#reader(oid).inserted(row), this.#change, row.size);
  }

  update(oid: number, row: Tuple, old: Tuple | undefined): void {
    const reader = this.#reader(oid);
    const moved = reader.movedFrom(row, old);
    if (moved !== undefined) this.#add(oid, moved, { ...this.#change, gone: 'moved' }, old!.size);
    const { record, unsent } = reader.updated(row, old);
    this.#add(oid, record, unsent === undefined ? this.#change : { ...this.#change, unsent }, row.size);
  }

  delete(oid: number, old: Tuple): void {
    this.#add(oid, this.#reader(oid).deleted(old), this.#deleted, old.size);
  }

  truncate(oids: readonly number[]): void {
    for (const oid of oids) if (this.wants(oid)) this.#add(oid, {}, { ...this.#change, isTruncation: true }, 0);
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
    this.#ready(checkpoint(this.#options.positionAt(lsnText(this.#reached)), { caughtUp }), 0);
  }

  /** Drops the changes of the transaction that has begun and passes on those before it. */
  passOnWhole(): void {
    this.#commitLsn = undefined;
    for (const one of this.#pending.values()) {
      for (const list of [one.records, one.changes]) list.length = one.whole;
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

  #add(oid: number, record: JsonRecord, change: PendingChange, bytes: number): void {
    if (this.#commitLsn === undefined) throw malformed('a change lies outside of transactions');
    const one = this.#pending.get(oid)!;
    one.records.push(record);
    one.changes.push(change);
    one.bytes += bytes + CHANGE_BYTES;
    this.#bytesSinceCheckpoint += bytes + CHANGE_BYTES;
    // The record with the new key must follow the old key at once.
    if (change.gone === 'moved' || (one.records.length < BATCH_CHANGES && one.bytes < BATCH_BYTES)) return;
    if (one.whole < one.records.length) this.#isPartial = true;
    this.#flush(one);
    // A checkpoint is due at the end of the transaction.
    this.#bytesSinceCheckpoint = BATCH_BYTES;
  }

  #flush(one: Pending): void {
    const { stream, records, changes, bytes } = one;
    if (records.length === 0) return;
    Object.assign(one, pendingOf(stream, one.from));
    const items = itemsOf(records, changes);
    for (const [index, item] of items.entries()) this.#ready({ stream, item }, index === 0 ? bytes : 0);
  }

  #ready(item: Item, bytes: number): void {
    this.ready.push(item);
    this.#bytesOf.push(bytes);
    this.readyBytes += bytes;
  }
}

function pendingOf(stream: string, from: Lsn): Pending {
  return { stream, from, records: [], changes: [], bytes: 0, whole: 0 };
}

/** Makes one batch of changes. Only a truncation, which is rare, is an item of its own. */
function itemsOf(records: JsonRecord[], changes: readonly PendingChange[]): (readonly JsonRecord[] | DeletedItem)[] {
  if (!changes.some(({ isTruncation }) => isTruncation)) return [withChange(records, (index) => changes[index])];
  const items: (readonly JsonRecord[] | DeletedItem)[] = [];
  for (let start = 0, end = 0; start < records.length; start = end) {
    const { isTruncation = false, at } = changes[start]!;
    for (end = start + 1; end < records.length && !isTruncation && !changes[end]!.isTruncation; ) end++;
    const part = changes.slice(start, end);
    items.push(isTruncation ? truncated({ at }) : withChange(records.slice(start, end), (index) => part[index]));
  }
  return items;
}
