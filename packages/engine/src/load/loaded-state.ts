import { isSettled } from '@aries-data/formats/internal';
import { AriesError, type Disposition, type StreamState } from '@aries-data/sdk';
import type { Manifest, ManifestStream } from '../dataset/manifest.ts';
import { isPosition } from '../dataset/stream-state.ts';
import { cursorKindOf } from '../step/select-streams.ts';

/**
 * Returns the state after a stream of a dataset is loaded. A merge may read records again that the state does not list. An append would
 * repeat them, so its state must include them. Throws `LOAD_REFUSED` if no state can.
 */
export function loadedState(
  name: string,
  stream: ManifestStream,
  disposition: Disposition,
  { readStart }: Pick<Manifest, 'readStart'>,
): StreamState | null {
  const { stateAfter, reached, beyond } = stream;
  if (disposition !== 'append' || (stateAfter !== null && isPosition(stateAfter))) return stateAfter;
  if (beyond?.staged !== true) {
    const kind = cursorKindOf(stream.schema, stream.cursor);
    const isWhole = stateAfter?.others === 'unknown' && isSettled(kind, stateAfter.cursor, readStart);
    return isWhole ? { cursor: stateAfter.cursor, keys: [], others: 'loaded' } : stateAfter;
  }
  if (reached !== undefined) return reached;
  if (stream.mode === 'full') return stateAfter;
  const { count, greatest } = beyond;
  throw new AriesError(
    'LOAD_REFUSED',
    `Loading ${name} is refused: ${count} of its records have a cursor later than the end of reading, up to ${greatest}. Each run would append them again`,
    {
      stream: name,
      hint: "Set disposition: append in the stream's options and extract again, which leaves them to a later run; or load with --disposition merge.",
    },
  );
}
