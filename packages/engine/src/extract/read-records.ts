import { createHash } from 'node:crypto';
import { parseExact } from '@aries-data/formats';
import { cursorText, exactText, normaliser } from '@aries-data/formats/internal';
import {
  AriesError,
  type Batch,
  type Change,
  type EncodedResult,
  type Json,
  type JsonRecord,
  originOf,
  type RecordSchema,
  rejected,
  withChange,
  withColumns,
  withOrigin,
} from '@aries-data/sdk';
import {
  changesOf,
  columnsOf,
  isCheckpoint,
  isDeleted,
  isPlainObject,
  isRejected,
  keysOf,
} from '@aries-data/sdk/internal';
import { deletionsOf } from '../step/deletions.ts';
import { markOf, type StageItem, type Tally } from '../step/mark.ts';
import { cursorKindOf, type SelectedStream } from '../step/select-streams.ts';
import { goneBatch, keyChecker, partialSchema, withKey } from './check-changes.ts';
import { cursorTaker, leftOf, type Reach, type TakeCursor, takeEncoded } from './cursor-reach.ts';
import type { StreamWindow } from './stream-window.ts';

/** Schema that accepts any record, for streams whose schema is inferred. */
const ANY_RECORD: RecordSchema = { type: 'object', properties: {}, additionalProperties: true };

export interface ReadRecordsOptions {
  selected: SelectedStream;
  connector: string;
  window: StreamWindow;
  /** Counts of an earlier attempt. Records are added at once, before the marks that contain them. */
  tally: Omit<Tally, 'inferred'>;
  limit: number | undefined;
  /** When reading began, RFC 3339. */
  readStart: string;
  /** True if no record may be read twice (see `CursorEnd`). */
  exact: boolean;
  /** True if the records are staged as changes. */
  changes: boolean;
  /** Returns true if a checkpoint should be made durable now. Other checkpoints are ignored. */
  isDue(): boolean;
}

const PIECE_END: unique symbol = Symbol('aries-data.piece-end');

/** End of an encoded piece, after its decoded records, with the source's result. */
export interface PieceEnd {
  readonly [PIECE_END]: EncodedResult;
}

export function pieceEnd(result: EncodedResult): PieceEnd {
  return { [PIECE_END]: result };
}

function isPieceEnd(item: unknown): item is PieceEnd {
  return typeof item === 'object' && item !== null && PIECE_END in item;
}

/**
 * Checks what a source yields. Records are normalised to the schema or rejected; records outside the window, loaded before or past the
 * limit are left out; the greatest cursor value is tracked. Ends with a mark.
 */
export async function* readRecords(
  items: AsyncIterable<unknown>,
  options: ReadRecordsOptions,
): AsyncGenerator<StageItem> {
  const { selected, connector, window, limit } = options;
  const { counts, undeclared } = options.tally;
  const reach: Reach = { reached: options.tally.reached, beyond: options.tally.beyond };
  const check = normaliser(selected.schema ?? ANY_RECORD, selected.zod, selected.stream.inference);
  // Rows that the source encoded are not checked here, because the byte lane does not check them either.
  const isEncoded = selected.stream.read === undefined;
  const whole = isEncoded ? (record: unknown) => record as JsonRecord : check.normalise;
  const normalise = selected.stream.changes === true ? changeNormaliser(options, whole) : whole;
  const isTracked = window.mode !== 'interval';
  // Encoded pieces report how far they reach.
  const inWindow = windowFilter(options, isTracked && !isEncoded ? takerOf(options, reach) : null);
  const checkKey = keyChecker(selected);
  // A key that is gone may come without a cursor: it is not known where it lies.
  const isPlaced = (key: JsonRecord) => selected.cursor !== undefined && key[selected.cursor] != null;
  const keyInWindow = (key: JsonRecord) => !isPlaced(key) || inWindow(key) !== false;
  const columns = selected.options.columns;
  const keepsPosition = selected.stream.state === 'position';
  let reachedPosition: Json | undefined;
  let sinceCheckpoint = false;
  function mark(position: Json | undefined): StageItem {
    for (const [name, count] of check.undeclared) undeclared[name] = (undeclared[name] ?? 0) + count;
    check.undeclared.clear();
    return markOf(position, {
      counts: { ...counts },
      undeclared: { ...undeclared },
      ...structuredClone(reach),
      inferred: [],
    });
  }
  for await (const found of items) {
    let item = found;
    if (isCheckpoint(item)) {
      [reachedPosition, sinceCheckpoint] = [item.position, false];
      if (options.isDue()) yield mark(item.position);
      continue;
    }
    sinceCheckpoint = true;
    if (isPieceEnd(item)) {
      const { [PIECE_END]: result } = item;
      const left = leftOf(result);
      counts.read += left;
      counts.outside += left;
      if (isTracked) takeEncoded(reach, result, window.order);
      if (result.position !== undefined && options.isDue()) yield mark(result.position);
      continue;
    }
    if (isRejected(item)) {
      counts.read++;
      counts.rejected++;
      yield item;
      continue;
    }
    if (isDeleted(item)) {
      refuseDeletions(options);
      const keys = keysOf(item);
      if (keys === 'all') {
        counts.read++;
        if (options.changes) {
          counts.deleted = (counts.deleted ?? 0) + 1;
          yield deletionsOf({ op: 't', keys: [{}], at: item.at });
        } else counts.outside++;
        continue;
      }
      item = goneBatch(item, keys);
    }
    if (!Array.isArray(item)) throw notABatch(item, connector, selected.name);
    const left = limit === undefined ? item.length : Math.max(0, limit - counts.read);
    const batch: Batch = left < item.length ? item.slice(0, left) : item;
    const before = counts.read;
    const said = changesOf(item);
    const changes = selected.stream.changes === true ? said : undefined;
    if (changes === undefined && said !== undefined && item.some((_, index) => said(index)?.gone !== undefined))
      refuseDeletions(options);
    const out: JsonRecord[] = [];
    let kept: number[] | undefined;
    for (let index = 0; index < batch.length; index++) {
      const change = changes?.(index);
      const isGone = change?.gone !== undefined;
      const normalised = isGone ? checkKey(batch[index]) : normalise(batch[index], change);
      counts.read++;
      // A full read lists what is there: what is gone is not in it.
      const reason =
        typeof normalised === 'string'
          ? normalised
          : isGone
            ? keyInWindow(normalised) && options.changes
            : inWindow(normalised);
      if (reason === true) {
        if (isGone) counts.deleted = (counts.deleted ?? 0) + 1;
        if (kept !== undefined) kept.push(index);
        out.push(
          columns === undefined || selected.schema !== null || isGone
            ? (normalised as JsonRecord)
            : pick(normalised as JsonRecord, columns),
        );
        continue;
      }
      kept ??= Array.from({ length: out.length }, (_, at) => at);
      if (reason === false) {
        counts.outside++;
        continue;
      }
      counts.rejected++;
      const origin = originOf(batch, index) ?? `record ${before + index + 1}`;
      yield rejected({ reason, origin, record: toJson(batch[index]) });
    }
    const named = selected.schema === null ? columnsOf(item) : undefined;
    if (named !== undefined)
      withColumns(out, columns === undefined ? named : columns.filter((one) => named.includes(one)));
    const positions = kept;
    if (options.changes && changes !== undefined)
      withChange(out, positions === undefined ? changes : (index) => changes(positions[index]!));
    yield withOrigin(out, (index) => {
      const at = positions?.[index] ?? index;
      return originOf(batch, at) ?? `record ${before + at + 1}`;
    });
    if (left <= item.length && limit !== undefined) break;
  }
  if (!keepsPosition) {
    yield mark(undefined);
    return;
  }
  if (sinceCheckpoint && limit === undefined) throw noLastCheckpoint(options);
  yield mark(sinceCheckpoint ? undefined : reachedPosition);
}

type NormaliseChange = (record: unknown, change?: Change) => JsonRecord | string;

/** Makes a check of changes: their keys must be there, and fields that were not sent may be missing. */
function changeNormaliser({ selected, changes }: ReadRecordsOptions, whole: NormaliseChange): NormaliseChange {
  const { schema, primaryKey, stream } = selected;
  const partial = normaliser(partialSchema(schema ?? ANY_RECORD, primaryKey), undefined, stream.inference).normalise;
  return (record, change) => {
    const unsent = change?.unsent;
    if (unsent === undefined || unsent.length === 0) {
      return changes ? withKey(whole(record), primaryKey) : whole(record);
    }
    if (!changes) return `its fields ${unsent.join(', ')} were not sent`;
    return withKey(partial(without(record, unsent)), primaryKey);
  };
}

function without(record: unknown, names: readonly string[]): unknown {
  if (!isPlainObject(record)) return record;
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

function refuseDeletions({ selected, connector }: ReadRecordsOptions): void {
  if (selected.stream.changes === true) return;
  const { name } = selected;
  throw new AriesError('CONNECTOR_INVALID', `${connector}: streams.${name}.read yielded deleted keys`, {
    connector,
    stream: name,
    hint: 'Declare that the stream has changes: stream({ changes: true, primaryKey: […], … })',
  });
}

function noLastCheckpoint({ selected: { name }, connector }: ReadRecordsOptions): AriesError {
  return new AriesError(
    'CONNECTOR_INVALID',
    `${connector}: streams.${name}.read ended without a checkpoint after its last records`,
    {
      connector,
      stream: name,
      hint: "The state of a stream with state: 'position' is its last checkpoint: yield one after the last records.",
    },
  );
}

type WindowVerdict = true | false | string;

/** Returns a filter: true for records inside the window, false for those outside, and a reason for those that must be rejected. */
function windowFilter(
  { selected, window }: ReadRecordsOptions,
  take: TakeCursor | null,
): (record: JsonRecord) => WindowVerdict {
  const { cursor, primaryKey, options } = selected;
  if (cursor === undefined) return () => true;
  const { since, until, seen } = window.window;
  const seenKeys = new Set(seen === 'all' ? [] : (seen ?? []).map((key) => JSON.stringify(key)));
  const isSeen = (record: JsonRecord) =>
    seen === 'all' || (seenKeys.size > 0 && seenKeys.has(JSON.stringify(keyOf(record, primaryKey))));

  return (record) => {
    const value = cursorText(record[cursor]);
    if (value === null) {
      if (window.mode === 'full' || options.nullCursor === 'include') return true;
      return options.nullCursor === 'skip'
        ? false
        : `"${cursor}" is null, so an ${window.mode} read cannot place the record (see nullCursor)`;
    }
    if (since !== undefined) {
      const order = window.order(value, since);
      if (order < 0 || (order === 0 && isSeen(record))) return false;
    }
    if (until !== undefined && window.order(value, until) >= 0) return false;
    return take === null || take(value, record);
  };
}

function takerOf({ selected, window, readStart, exact }: ReadRecordsOptions, reach: Reach): TakeCursor {
  const { schema, cursor, primaryKey } = selected;
  const kind = cursorKindOf(schema, cursor);
  const key = (record: JsonRecord) => keyOf(record, primaryKey);
  return cursorTaker(reach, { order: window.order, kind, moment: readStart, exact, keyOf: key });
}

/** Distinguishes records with the same cursor value: returns the primary key, or a digest of the whole record. */
function keyOf(record: JsonRecord, primaryKey: readonly string[]): Json[] {
  if (primaryKey.length > 0) return primaryKey.map((field) => record[field] ?? null);
  return [createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, 32)];
}

function pick(record: JsonRecord, columns: readonly string[]): JsonRecord {
  return Object.fromEntries(
    columns.filter((column) => Object.hasOwn(record, column)).map((column) => [column, record[column]!]),
  );
}

function notABatch(item: unknown, connector: string, stream: string): AriesError {
  const found = item === null ? 'null' : typeof item === 'object' ? 'a single record' : `a ${typeof item}`;
  return new AriesError(
    'CONNECTOR_INVALID',
    `${connector}: streams.${stream}.read yielded ${found} instead of a batch`,
    {
      connector,
      stream,
      hint: 'Yield an array of records: yield [record].',
    },
  );
}

function toJson(record: unknown): Json {
  try {
    return parseExact(exactText(record ?? null));
  } catch {
    return String(record);
  }
}
