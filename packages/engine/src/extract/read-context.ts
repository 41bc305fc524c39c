import type { ReadContext, Source } from '@aries-data/sdk';
import type { SelectedStream } from '../step/select-streams.ts';
import type { OpenedRole } from '../step/step-context.ts';
import type { StreamWindow } from './stream-window.ts';

/** Makes the context that a stream's functions are called with. */
export function readContextOf(
  source: OpenedRole<Source>,
  selected: SelectedStream,
  { mode, window }: StreamWindow,
): ReadContext<unknown> {
  const { options, stream } = selected;
  return {
    ...source.ctx,
    stream: selected.name,
    mode,
    window,
    cursor: selected.cursor,
    nullCursor: options.nullCursor,
    primaryKey: selected.primaryKey,
    columns: stream.pushdown?.includes('columns') ? options.columns : undefined,
    where: options.where,
  };
}
