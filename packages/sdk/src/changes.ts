import { type Field, fieldSchema, fieldsOf, type Json } from './schema.ts';

const DELETED = Symbol.for('aries-data.deleted');
const CHANGE = Symbol.for('aries-data.change');

/** What a source knows about a change besides the record. */
export interface Change {
  /** When the change was made at the source, as an RFC 3339 date-time. Default: the start of the read. */
  at?: string | undefined;
  /** Fields whose values the source did not send, because they did not change. The target keeps its own values. */
  unsent?: readonly string[] | undefined;
  /** Says that the record is gone: the batch has its key instead, as for `deleted`. `moved` as in `DeletedOptions`. */
  gone?: 'deleted' | 'moved' | undefined;
}

/** How records went away. */
export interface DeletedOptions extends Pick<Change, 'at'> {
  /**
   * True if the next record that the stream yields is the same one under another key. Fields of it that were not sent (`withChange`)
   * keep the values they had under the old key.
   */
  moved?: boolean | undefined;
}

/** Key of a deleted record: the fields of the primary key, and the cursor if it is known. */
type DeletedKey = Readonly<Record<string, Json | undefined>>;

/** Keys of deleted records, made by `deleted` or `truncated`, for `read` to yield. */
export interface DeletedItem extends DeletedOptions {
  /** `all` if every record is gone. */
  readonly [DELETED]: readonly DeletedKey[] | 'all';
}

/**
 * Makes an item that says: the records with these primary keys are gone at the source. Only streams with `changes: true` may yield it.
 * Each key is a record with the fields of the primary key. If the stream has a cursor, add its value, so that the state moves on.
 *
 * @example
 * yield deleted([{ id: '17' }]);
 */
export function deleted(keys: readonly DeletedKey[], options: DeletedOptions = {}): DeletedItem {
  return { [DELETED]: keys, ...options };
}

/**
 * Makes an item that says: every record of the stream that came before is gone at the source.
 *
 * @example
 * yield truncated({ at: '2026-01-31T08:30:00Z' });
 */
export function truncated(options: Pick<DeletedOptions, 'at'> = {}): DeletedItem {
  return { [DELETED]: 'all', ...options };
}

/**
 * Attaches to a batch what the source knows about each change. A batch may hold both records and keys of records that are gone, in the
 * order of the changes: this is faster than an item for each.
 *
 * @example
 * yield withChange([{ id: '17', title: 'new' }], () => ({ at: '2026-01-31T08:30:00Z', unsent: ['body'] }));
 */
export function withChange<R>(batch: R[], change: (index: number) => Change | undefined): readonly R[] {
  Object.defineProperty(batch, CHANGE, { value: change, configurable: true });
  return batch;
}

/** Returns what the source said about each change of a batch; undefined if it said nothing. */
export function changesOf(batch: readonly unknown[]): ((index: number) => Change | undefined) | undefined {
  return (batch as { [CHANGE]?: (index: number) => Change | undefined })[CHANGE];
}

export function isDeleted(item: unknown): item is DeletedItem {
  return typeof item === 'object' && item !== null && (item as Record<symbol, unknown>)[DELETED] !== undefined;
}

/** Returns the deleted keys, or `all`. */
export function keysOf(item: DeletedItem): readonly DeletedKey[] | 'all' {
  return item[DELETED];
}

/**
 * How a change is staged. `u`: the record as it is now, whether new or updated. `d`: it is gone. `m`: its key changed, and the next
 * record has the new one. `t`: all records are gone.
 */
export type ChangeOp = 'u' | 'd' | 'm' | 't';

/** Names of the fields that a staged change has besides those of its record. No field of a source may have such a name. */
export const CHANGE_NAMES = { op: '_aries_op', unsent: '_aries_unsent', at: '_aries_at', seq: '_aries_seq' } as const;

/**
 * Fields that a staged change has after those of its record: the operation (`ChangeOp`), the fields that were not sent (`unsentText`),
 * when the change was made, and its place, which grows from change to change and from read to read.
 */
export const CHANGE_FIELDS: readonly Field[] = fieldsOf({
  type: 'object',
  properties: {
    [CHANGE_NAMES.op]: fieldSchema('string'),
    [CHANGE_NAMES.unsent]: fieldSchema('string', { nullable: true }),
    [CHANGE_NAMES.at]: fieldSchema('date-time'),
    [CHANGE_NAMES.seq]: fieldSchema('int64'),
  },
  required: [CHANGE_NAMES.op, CHANGE_NAMES.at, CHANGE_NAMES.seq],
});

/**
 * Writes a list of field names as the text that is staged: each name between line feeds, so that a search for `unsentText([name])`
 * finds this name and no other.
 *
 * @example
 * unsentText(['body', 'notes']); // '\nbody\nnotes\n'
 */
export function unsentText(names: readonly string[]): string {
  return `\n${names.map((name) => name.replace(/[\\\n]/g, (sign) => (sign === '\n' ? '\\n' : '\\\\'))).join('\n')}\n`;
}

/**
 * Reads what `unsentText` wrote.
 *
 * @example
 * unsentNames('\nbody\nnotes\n'); // ['body', 'notes']
 */
export function unsentNames(text: string): string[] {
  return text
    .slice(1, -1)
    .split('\n')
    .map((name) => name.replace(/\\([\\n])/g, (_, sign) => (sign === 'n' ? '\n' : '\\')));
}
