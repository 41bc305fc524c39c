import { isSettled } from '@aries-data/formats/internal';
import { AriesError, type Disposition, type StreamState } from '@aries-data/sdk';
import type { Manifest, ManifestStream } from '../dataset/manifest.ts';
import { cursorKindOf } from '../step/select-streams.ts';

/**
 * The state once a stream of a dataset is loaded. A merge finds again what the state does not list; a load that appends would repeat
 * it, so its state holds that as well. Throws `LOAD_REFUSED` where no state can.
 */
export function loadedState(
  name: string,
  stream: ManifestStream,
  disposition: Disposition,
  { readStart }: Pick<Manifest, 'readStart'>,
): StreamState | null {
  const { stateAfter, reached, beyond } = stream;
  if (disposition !== 'append') return stateAfter;
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
    `Loading ${name} is refused: ${count} of its records have a cursor beyond the end of the reading, up to ${greatest}; appended, they would come again with each run`,
    {
      stream: name,
      hint: "Extract again with disposition: append in the stream's options, which leaves them to a later run; or load with --disposition merge.",
    },
  );
}
