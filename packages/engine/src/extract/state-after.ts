import { cursorOrder, isSettled } from '@aries-data/formats/internal';
import { type CursorState, kindOf, type RecordSchema } from '@aries-data/sdk';
import type { JournalEntry } from '../dataset/journal.ts';
import type { ManifestStream } from '../dataset/manifest.ts';
import { cursorStateOf, joined, MOST_KEYS } from '../dataset/stream-state.ts';
import { countOf } from '../step/count-of.ts';
import { expectedDisposition } from '../step/disposition.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import type { StreamExtract } from './stream-extract.ts';
import type { StreamWindow } from './stream-window.ts';

/** Fields of the manifest that describe a stream's state after a read. */
export type StateAfter = Pick<ManifestStream, 'stateAfter' | 'reached' | 'beyond'>;

/**
 * Returns true if records that are read twice would be in the target twice: as far as is known, loads of this stream append. A stream
 * that is always read in full needs no state.
 */
export function isExact(
  { options, primaryKey, cursor }: SelectedStream,
  { mode }: StreamWindow,
  { limit, loadAhead }: Pick<ExtractOptions, 'limit' | 'loadAhead'>,
): boolean {
  if (!keepsState(cursor, mode, limit) || options.mode === 'full') return false;
  const expected = expectedDisposition(
    { mode: 'incremental', primaryKey: [...primaryKey], disposition: options.disposition },
    loadAhead,
  );
  return expected === undefined ? primaryKey.length === 0 : expected === 'append';
}

/**
 * Returns the state after a stream was read to its end. Returns `below` if more records have the greatest cursor value than a state
 * can list, so that later ones could not be distinguished from them. Then the stream must be read again, up to that value exclusive.
 */
export function stateAfter(
  entry: JournalEntry,
  options: StreamExtract,
  schema: RecordSchema,
): { below: string } | StateAfter {
  const { selected, window, exact } = options;
  if (selected.stream.state === 'position') {
    if (options.limit !== undefined) return { stateAfter: null };
    return { stateAfter: entry.position === null ? window.stateBefore : { position: entry.position } };
  }
  const beyond = entry.beyond && { beyond: without(entry.beyond) };
  if (!keepsState(selected.cursor, window.mode, options.limit)) return { stateAfter: null };
  const field = schema.properties[selected.cursor!];
  const order = field === undefined ? window.order : cursorOrder(kindOf(field));
  const later = (reached: CursorState | null): CursorState | null => {
    const before = cursorStateOf(window.stateBefore);
    if (reached === null || before === null) return reached ?? before;
    const comparison = order(reached.cursor, before.cursor);
    // New records at the boundary are added to those already loaded there.
    return comparison > 0 ? reached : comparison === 0 ? joined(before, reached) : before;
  };
  const after = later(entry.reached);
  if (exact && after?.others === 'unknown') {
    if (field === undefined || !isSettled(kindOf(field), after.cursor, entry.readStart)) return { below: after.cursor };
    return { stateAfter: { cursor: after.cursor, keys: [], others: 'loaded' }, ...beyond };
  }
  if (entry.beyond?.staged !== true) return { stateAfter: after, ...beyond };
  const reached = later(entry.beyond.reached);
  return {
    // Records beyond are in this dataset and will be read again by the next run.
    stateAfter: after && { ...after, others: after.others ?? 'unknown' },
    ...(entry.beyond.reached === null ? {} : { reached: reached! }),
    ...beyond,
  };
}

/** Returns true if a read of this kind moves the state. */
export function keepsState(cursor: string | undefined, mode: StreamWindow['mode'], limit: number | undefined): boolean {
  return cursor !== undefined && mode !== 'interval' && limit === undefined;
}

function without({ count, greatest, staged }: NonNullable<JournalEntry['beyond']>): ManifestStream['beyond'] {
  return { count, greatest, staged };
}

/** Logs once which records are beyond the time of reading, and which wait at the boundary. */
export function logWaiting(
  options: StreamExtract,
  { stateAfter: after, beyond }: StateAfter,
  below: string | undefined,
): void {
  const { context, selected, exact } = options;
  const stream = selected.as;
  if (beyond !== undefined) {
    const { count, greatest, staged } = beyond;
    // A busy source returns records that were written while it was read. That needs no warning.
    const field = selected.schema?.properties[selected.cursor!];
    const isFuture = cursorOrder(field === undefined ? 'any' : kindOf(field))(greatest, new Date().toISOString()) > 0;
    context.log[isFuture ? 'warn' : 'info'](
      `${stream}: ${countOf(count, 'record')} with a cursor later than the start of reading, up to ${greatest}. The state stays earlier: ${staged ? 'later runs read such records again' : 'such records are left to a later run'}`,
      { stream, count, greatest },
    );
  }
  if (below !== undefined) {
    context.log.warn(
      `${stream}: more than ${MOST_KEYS} records have the greatest cursor value ${below}, and an append cannot tell which of them are new. They are left to a run that finds a later value. To load them now, give the stream a primary key and merge, or read it with mode: full`,
      { stream, cursor: below },
    );
  } else if (cursorStateOf(after)?.others === 'loaded' && exact) {
    context.log.info(
      `${stream}: more than ${MOST_KEYS} records have the greatest cursor value ${cursorStateOf(after)!.cursor}. It is old enough that no more will come, so all of them are extracted; the next run begins after it`,
      { stream, cursor: cursorStateOf(after)!.cursor },
    );
  }
}
