import { type Batch, type Json, type JsonRecord, originOf, withChange, withOrigin } from '@aries-data/sdk';
import { CHANGE_NAMES, type ChangeOp, changesOf, unsentNames, unsentText } from '@aries-data/sdk/internal';

/** More rows than a source yields in a millisecond, so that the places of a later read are greater. */
const ROWS_IN_A_MILLISECOND = 1_048_576n;

/** Makes the rows in which changes are staged. */
export interface ChangeRows {
  /** New and changed records, with what is attached to them by `withChange`. */
  upserts(batch: Batch): JsonRecord[];
  /** Keys of records that are gone. */
  gone(op: ChangeOp, keys: Batch, at: string | undefined): JsonRecord[];
}

/** Begins after `rows` rows of a read that began at `readStart`, an RFC 3339 date-time. */
export function createChangeRows(readStart: string, rows: number): ChangeRows {
  const start = BigInt(Date.parse(readStart)) * ROWS_IN_A_MILLISECOND;
  let count = rows;
  const row = (record: JsonRecord, op: ChangeOp, at = readStart, unsent: readonly string[] = []): JsonRecord => ({
    ...record,
    [CHANGE_NAMES.op]: op,
    [CHANGE_NAMES.unsent]: unsent.length === 0 ? null : unsentText(unsent),
    [CHANGE_NAMES.at]: at,
    [CHANGE_NAMES.seq]: String(start + BigInt(++count)),
  });
  return {
    upserts(batch) {
      const changes = changesOf(batch);
      return batch.map((record, index) => {
        const change = changes?.(index);
        return row(record, 'u', change?.at, change?.unsent);
      });
    },
    gone: (op, keys, at) => keys.map((key) => row(key, op, at)),
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
