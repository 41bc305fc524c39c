import { type ExtendRecord, recordExtender } from '@aries-data/formats/internal';
import { type Batch, type Change, type Json, type JsonRecord, originOf, withChange, withOrigin } from '@aries-data/sdk';
import { CHANGE_NAMES, type ChangeOp, changesOf, unsentNames, unsentText } from '@aries-data/sdk/internal';

/** More rows than a source yields in a millisecond, so that the places of a later read are greater. */
const ROWS_IN_A_MILLISECOND = 1_048_576n;

/** Makes the rows in which changes are staged. */
export interface ChangeRows {
  /** Records, and keys of records that are gone, with what is attached to them by `withChange`. */
  of(batch: Batch): JsonRecord[];
  /** Keys of records that are gone. */
  gone(op: ChangeOp, keys: Batch, at: string | undefined): JsonRecord[];
}

export interface ChangeRowsOptions {
  /** When the read began, an RFC 3339 date-time. */
  readStart: string;
  /** The number of rows of the read before these. */
  rows: number;
  /** The only fields that are staged. Without them, all that a record has. */
  fields?: readonly string[] | undefined;
}

export function createChangeRows({ readStart, rows, fields }: ChangeRowsOptions): ChangeRows {
  const nextPlace = placesAfter(BigInt(Date.parse(readStart)) * ROWS_IN_A_MILLISECOND + BigInt(rows));
  const { op: OP, unsent: UNSENT, at: AT, seq: SEQ } = CHANGE_NAMES;
  const row: ExtendRecord =
    fields === undefined
      ? (record, op, unsent, at, seq) => ({ ...record, [OP]: op, [UNSENT]: unsent, [AT]: at, [SEQ]: seq })
      : recordExtender(fields, [OP, UNSENT, AT, SEQ]);
  return {
    of(batch) {
      const changes = changesOf(batch);
      return batch.map((record, index) => {
        const { at = readStart, unsent, gone } = changes?.(index) ?? {};
        const names = unsent === undefined || unsent.length === 0 ? null : unsentText(unsent);
        return row(record, gone === undefined ? 'u' : opOf(gone), names, at, nextPlace());
      });
    },
    gone: (op, keys, at = readStart) => keys.map((key) => row(key, op, null, at, nextPlace())),
  };
}

/** Returns how it is staged that a record is gone. */
export function opOf(gone: NonNullable<Change['gone']>): 'd' | 'm' {
  return gone === 'moved' ? 'm' : 'd';
}

/** Digits that are counted as a number, because a BigInt for each row would take longer than all the rest. */
const LOW = 1_000_000_000;

/** Makes a function that returns the integers after `start` as text. */
function placesAfter(start: bigint): () => string {
  let high = start / BigInt(LOW);
  // The leading one keeps the zeros after it.
  let low = Number(start % BigInt(LOW)) + LOW;
  let prefix = String(high);
  return () => {
    low++;
    if (low === 2 * LOW) {
      low = LOW;
      high++;
      prefix = String(high);
    }
    return prefix + String(low).slice(1);
  };
}

/** Rows of one kind that follow each other: records with what is known about their changes, or keys that went away at one moment. */
export type ChangeRun = { op: 'u'; batch: Batch } | { op: Exclude<ChangeOp, 'u'>; keys: Batch; at: string };

/** Splits a batch of staged changes into runs, in order. The inverse of `createChangeRows`. */
export function* changeRuns(
  rows: Batch,
  primaryKey: readonly string[],
  cursor: string | undefined,
): Generator<ChangeRun> {
  for (let start = 0, end = 0; start < rows.length; start = end) {
    const [op, at] = headOf(rows[start]!);
    const isSame = ([nextOp, nextAt]: [string, string]) => nextOp === op && (op === 'u' || nextAt === at);
    for (end = start + 1; end < rows.length && isSame(headOf(rows[end]!)); ) end++;
    const run = rows.slice(start, end);
    if (op === 'u') yield { op, batch: upsertsOf(run, (index) => originOf(rows, start + index)) };
    else yield { op: op as 'd', keys: run.map((row) => keyOf(row, primaryKey, cursor)), at };
  }
}

function headOf(row: JsonRecord): [op: string, at: string] {
  return [String(row[CHANGE_NAMES.op]), String(row[CHANGE_NAMES.at])];
}

function upsertsOf(rows: Batch, origin: (index: number) => string | undefined): Batch {
  const records = rows.map((row) => {
    const {
      [CHANGE_NAMES.op]: _,
      [CHANGE_NAMES.unsent]: unsent,
      [CHANGE_NAMES.at]: __,
      [CHANGE_NAMES.seq]: ___,
      ...record
    } = row;
    // csv has nothing where a field was not sent, which reads as null.
    for (const name of namesOf(unsent)) delete record[name];
    return record;
  });
  if (origin(0) !== undefined) withOrigin(records, (index) => origin(index)!);
  return withChange(records, (index) => ({
    at: headOf(rows[index]!)[1],
    unsent: namesOf(rows[index]![CHANGE_NAMES.unsent]),
  }));
}

function namesOf(unsent: Json | undefined): string[] {
  return typeof unsent === 'string' ? unsentNames(unsent) : [];
}

function keyOf(row: JsonRecord, primaryKey: readonly string[], cursor: string | undefined): JsonRecord {
  const names = cursor === undefined ? primaryKey : [...primaryKey, cursor];
  return Object.fromEntries(names.flatMap((name) => (row[name] == null ? [] : [[name, row[name]]])));
}
