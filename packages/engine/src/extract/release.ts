import { type Source, type StreamState, toAriesError } from '@aries-data/sdk';
import type { Backlog } from '@aries-data/sdk/internal';
import { isPosition } from '../dataset/stream-state.ts';
import { readStateAt } from '../rules/state.ts';
import { backlogIfAny } from '../step/backlog.ts';
import { selectStreams, streamsOf } from '../step/select-streams.ts';
import { type OpenedRole, stepContext } from '../step/step-context.ts';
import type { ExtractOptions } from '../step/step-options.ts';
import { withSource } from '../step/with-source.ts';
import { committedPositions } from './committed-positions.ts';
import { positionOf } from './position.ts';
import { readContextOf } from './read-context.ts';
import { streamWindow } from './stream-window.ts';

/**
 * Tells a source that the target holds everything up to the state, so that it may let go of it: confirm a position, delete messages.
 * A failure is only logged, because the load is committed, and the next read tells the source again.
 * Returns what the source keeps after that.
 */
export async function releaseCommitted(options: ExtractOptions): Promise<{ backlog?: Backlog[] }> {
  const context = stepContext('release', { ...options, onStart: undefined }, options.source.connector.name);
  try {
    return await withSource(context, options, async (source, store) => {
      const { streams: state } = await readStateAt(options.state, store, context.name);
      if (Object.values(state).some(isPosition)) await releaseStreams(source, state, options);
      return backlogIfAny(source);
    });
  } catch (error) {
    const { message, hint } = toAriesError(error);
    context.log.warn(`The source could not be told what is loaded: ${message}. The next run tells it`, { hint });
    return {};
  }
}

async function releaseStreams(
  source: OpenedRole<Source>,
  state: Readonly<Record<string, StreamState>>,
  { streams }: Pick<ExtractOptions, 'streams'>,
): Promise<void> {
  const selected = selectStreams(await streamsOf(source), streams, source.name);
  const committed = committedPositions(state, selected);
  for (const log of new Set(selected.flatMap(({ stream }) => stream.changeLog ?? [])))
    await log.released?.(source.ctx, committed);
  for (const one of selected) {
    const held = state[one.as];
    if (one.stream.released === undefined || held === undefined || !isPosition(held)) continue;
    const { position, fault } = positionOf(one.stream, held.position);
    if (fault !== undefined) continue;
    const window = streamWindow(one, source.name, { state: held });
    await one.stream.released(readContextOf(source, one, window), position);
  }
}
