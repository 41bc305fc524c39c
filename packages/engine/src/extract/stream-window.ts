import { type CompareCursor, cursorOrder, isCursorValue } from '@aries-data/formats/internal';
import { AriesError, type CursorState, type Interval, kindOf, type StreamState, type Window } from '@aries-data/sdk';
import { isPosition } from '../dataset/stream-state.ts';
import { cursorKindOf, type SelectedStream } from '../step/select-streams.ts';
import { positionOf } from './position.ts';

/** Mode of a read, and the records that it covers. */
export interface StreamWindow {
  mode: 'full' | 'incremental' | 'interval';
  window: Window;
  stateBefore: StreamState | null;
  order: CompareCursor;
}

const SPANS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Decides how a stream is read: by interval if one is given and the stream has a cursor, otherwise incrementally from the state,
 * otherwise in full. Throws `CONFIG_INVALID` for a mode that the stream does not support.
 */
export function streamWindow(
  selected: SelectedStream,
  connector: string,
  {
    interval,
    state,
    fullRefresh,
  }: { interval?: Interval | undefined; state: StreamState | null; fullRefresh?: boolean | undefined },
): StreamWindow {
  const { cursor, options, stream } = selected;
  const kind = cursorKindOf(selected.schema, cursor);
  const order = cursorOrder(kind);
  const full: StreamWindow = { mode: 'full', window: {}, stateBefore: null, order };
  if (selected.stream.state === 'position') return positionWindow(selected, connector, { state, fullRefresh, full });
  if (options.mode === 'incremental' && cursor === undefined) {
    throw new AriesError(
      'CONFIG_INVALID',
      `${connector}: stream "${options.name}" has no cursor, so it cannot be read incrementally`,
      {
        connector,
        stream: options.name,
        hint: "Set a cursor in the stream's options, or use mode: full.",
      },
    );
  }
  if (options.mode !== 'full' && cursor === undefined && stream.byInterval === true && interval !== undefined) {
    return { mode: 'interval', window: { since: interval.start, until: interval.end }, stateBefore: null, order };
  }
  if (cursor === undefined || options.mode === 'full') return full;
  if (interval !== undefined) {
    if (kind !== 'date' && kind !== 'date-time' && kind !== 'string' && kind !== 'any') {
      throw new AriesError(
        'CONFIG_INVALID',
        `${connector}: stream "${options.name}" has a cursor of type ${kind}, which a time interval cannot bound`,
        {
          connector,
          stream: options.name,
          hint: 'Use a date or date-time cursor, or mode: full.',
        },
      );
    }
    return { mode: 'interval', window: { since: interval.start, until: interval.end }, stateBefore: null, order };
  }
  // A full refresh still moves the state, so that the next run can continue from it.
  if (fullRefresh === true) return { ...full, mode: 'full' };
  if (state === null) return { mode: 'incremental', window: {}, stateBefore: null, order };
  if (isPosition(state)) throw otherState(selected, connector, 'a position, and it is read by a cursor now');
  refuseOtherValue(selected, connector, state);
  const window =
    options.lag === undefined
      ? { since: state.cursor, seen: state.others === 'loaded' ? ('all' as const) : state.keys }
      : { since: earlier(state.cursor, options.lag, kind) };
  return { mode: 'incremental', window, stateBefore: state, order };
}

/** Decides how a stream with positions is read. The run's interval does not matter: a log has no other order than its own. */
function positionWindow(
  selected: SelectedStream,
  connector: string,
  { state, fullRefresh, full }: { state: StreamState | null; fullRefresh: boolean | undefined; full: StreamWindow },
): StreamWindow {
  const { stream, options } = selected;
  if (options.mode === 'full' && stream.firstRead !== 'snapshot') {
    throw new AriesError('CONFIG_INVALID', `${connector}: stream "${options.name}" cannot be read in full`, {
      connector,
      stream: options.name,
      hint: 'Leave out mode: its source only has what comes after a position.',
    });
  }
  const isFirst = state === null || fullRefresh === true || options.mode === 'full';
  if (isFirst) return stream.firstRead === 'snapshot' ? full : { ...full, mode: 'incremental' };
  if (!isPosition(state)) throw otherState(selected, connector, 'a cursor value, and it is read by positions now');
  const { fault } = positionOf(stream, state.position);
  if (fault !== undefined) throw otherState(selected, connector, `a position that its source does not know (${fault})`);
  return { ...full, mode: 'incremental', stateBefore: state };
}

function otherState({ as }: SelectedStream, connector: string, what: string): AriesError {
  return new AriesError('CONFIG_INVALID', `${connector}: the state of "${as}" is ${what}`, {
    connector,
    stream: as,
    hint: 'Read everything once with --full-refresh, which starts a new state.',
  });
}

/** Refuses a state that is not a value of the cursor's type: it comes from staging and goes into the source's query. */
function refuseOtherValue({ as, cursor, schema }: SelectedStream, connector: string, state: CursorState): void {
  const field = schema?.properties[cursor!];
  if (field === undefined || isCursorValue(state.cursor, field)) return;
  throw new AriesError(
    'DATASET_CORRUPT',
    `${connector}: the state of "${as}" is ${JSON.stringify(state.cursor.slice(0, 100))}, which is not a value of its cursor "${cursor}" (${kindOf(field)})`,
    {
      connector,
      stream: as,
      hint: 'Read everything with --full-refresh, or delete the state with aries state reset. This is also needed after the type of a cursor has changed.',
    },
  );
}

function earlier(cursor: string, lag: string, kind: string): string {
  const [, amount = '', unit = ''] = /^(\d+)([smhd]?)$/.exec(lag) ?? [];
  if (amount === '')
    throw new AriesError('CONFIG_INVALID', `"${lag}" is not a valid lag`, {
      hint: 'Use 90s, 15m, 2h or 1d; for a numeric cursor, a plain number.',
    });
  if (kind === 'integer' || kind === 'int64') return String(BigInt(cursor) - BigInt(amount));
  const zoned = kind === 'date' ? `${cursor}T00:00:00Z` : /(?:Z|[+-]\d\d:?\d\d)$/.test(cursor) ? cursor : `${cursor}Z`;
  const moved = new Date(Date.parse(zoned) - Number(amount) * (SPANS[unit] ?? 1) * 1000).toISOString();
  return kind === 'date' ? moved.slice(0, 10) : zoned === cursor ? moved : moved.slice(0, -1);
}
