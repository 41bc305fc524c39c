import { cursorOrder, isSettled } from '@aries-data/formats/internal';
import { kindOf, type RecordSchema, type StreamState } from '@aries-data/sdk';
import type { JournalEntry } from '../dataset/journal.ts';
import type { ManifestStream } from '../dataset/manifest.ts';
import { joined, MOST_KEYS } from '../dataset/stream-state.ts';
import { expectedDisposition } from '../step/disposition.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import type { StreamExtract } from './stream-extract.ts';
import type { StreamWindow } from './stream-window.ts';

/** What the manifest says of a stream's state after this read. */
export type StateAfter = Pick<ManifestStream, 'stateAfter' | 'reached' | 'beyond'>;

/**
 * Whether records that come twice would be twice in the target: loads that go on from this stream's state append, as far as is
 * known. A stream that is always read in full needs no state.
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
 * The state after a stream was read to its end; or `below`: more records have the greatest cursor value than a state lists, and
 * nothing else could tell those loaded from later ones. Then the stream is to be read up to that value, without it.
 */
export function stateAfter(
  entry: JournalEntry,
  options: StreamExtract,
  schema: RecordSchema,
): { below: string } | StateAfter {
  const { selected, window, exact } = options;
  const beyond = entry.beyond && { beyond: without(entry.beyond) };
  if (!keepsState(selected.cursor, window.mode, options.limit)) return { stateAfter: null };
  const field = schema.properties[selected.cursor!];
  const order = field === undefined ? window.order : cursorOrder(kindOf(field));
  const later = (reached: StreamState | null): StreamState | null => {
    const before = window.stateBefore;
    if (reached === null || before === null) return reached ?? before;
    const comparison = order(reached.cursor, before.cursor);
    // Records newly found at the boundary join those already loaded there.
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
    // What lies beyond is in the dataset, so it comes again with the next read.
    stateAfter: after && { ...after, others: after.others ?? 'unknown' },
    ...(entry.beyond.reached === null ? {} : { reached: reached! }),
    ...beyond,
  };
}

/** Whether the state after a read says how far it got. */
export function keepsState(cursor: string | undefined, mode: StreamWindow['mode'], limit: number | undefined): boolean {
  return cursor !== undefined && mode !== 'interval' && limit === undefined;
}

function without({ count, greatest, staged }: NonNullable<JournalEntry['beyond']>): ManifestStream['beyond'] {
  return { count, greatest, staged };
}

/** Names once what lies beyond the moment of reading, and what waits at the boundary. */
export function tellWhatWaits(
  options: StreamExtract,
  { stateAfter: after, beyond }: StateAfter,
  below: string | undefined,
): void {
  const { context, selected, exact } = options;
  const stream = selected.as;
  if (beyond !== undefined) {
    const { count, greatest, staged } = beyond;
    // A busy source gives records of while it is read: that is nothing to warn of.
    const field = selected.schema?.properties[selected.cursor!];
    const isFuture = cursorOrder(field === undefined ? 'any' : kindOf(field))(greatest, new Date().toISOString()) > 0;
    context.log[isFuture ? 'warn' : 'info'](
      `${stream}: ${count} records have a cursor beyond the moment of reading, up to ${greatest}. The state stays before them: ${staged ? 'later runs read them again' : 'they are left to a later run'}`,
      { stream, count, greatest },
    );
  }
  if (below !== undefined) {
    context.log.warn(
      `${stream}: more than ${MOST_KEYS} records have the greatest cursor value ${below}, and no key tells a load that appends which of them are new. They are left to a run that finds a later value. To have them now, give the stream a primary key and merge, or read it with mode: full`,
      { stream, cursor: below },
    );
  } else if (after?.others === 'loaded' && exact) {
    context.log.info(
      `${stream}: more than ${MOST_KEYS} records have the greatest cursor value ${after.cursor}. It lies back so far that all of them are taken; the next run begins after it`,
      { stream, cursor: after.cursor },
    );
  }
}
