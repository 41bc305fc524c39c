import type { ManifestStream } from '../dataset/manifest.ts';
import type { Disposition } from '../destination.ts';
import { AriesError } from '../errors.ts';
import type { StreamState } from '../state.ts';

/**
 * The state once a stream of a dataset is loaded. A merge finds again what lies beyond the state; a load that appends would repeat
 * it, so its state holds that as well. Throws `LOAD_REFUSED` where no state can.
 */
export function loadedState(name: string, stream: ManifestStream, disposition: Disposition): StreamState | null {
  if (disposition !== 'append' || stream.beyond?.staged !== true) return stream.stateAfter;
  const { count, greatest } = stream.beyond;
  if (stream.reached !== undefined) return stream.reached;
  if (stream.mode === 'full') return stream.stateAfter;
  throw new AriesError(
    'LOAD_REFUSED',
    `Loading ${name} is refused: ${count} of its records have a cursor beyond the end of the reading, up to ${greatest}; appended, they would come again with each run`,
    {
      stream: name,
      hint: "Extract again with disposition: append in the stream's options, which leaves them to a later run; or load with --disposition merge.",
    },
  );
}
