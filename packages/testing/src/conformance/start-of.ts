import type { SelectedStream } from '@aries-data/engine/internal';
import type { Json } from '@aries-data/sdk';
import { isCheckpoint } from '@aries-data/sdk/internal';
import { type OpenedSource, readItems } from './reading.ts';

/**
 * Returns the position from which a stream yields changes: that at the end of its first read, if this is a snapshot. Undefined if
 * changes come from the start.
 */
export async function startOf(opened: OpenedSource, selected: SelectedStream): Promise<Json | undefined> {
  if (selected.stream.firstRead !== 'snapshot') return undefined;
  let position: Json | undefined;
  for await (const item of readItems(opened, selected, { mode: 'full' }))
    if (isCheckpoint(item)) position = item.position;
  return position;
}
