import { AriesError, type Destination, type Disposition, type Interval } from '@aries-data/sdk';
import type { ManifestStream } from '../dataset/manifest.ts';
import type { Prepared } from './step-context.ts';
import type { LoadAhead, LoadOptions } from './step-options.ts';

/** What decides how a stream is applied. */
type Applied = Pick<ManifestStream, 'mode' | 'stateBefore' | 'primaryKey'> & {
  cursor?: string | undefined;
  disposition?: Disposition | undefined;
  lag?: string | undefined;
  consistency?: ManifestStream['consistency'];
};

/**
 * How one stream is applied: as asked for, else by how it was read. Full → replace; interval → replace-interval;
 * incremental with a key → merge; else append. Throws `CONFIG_INVALID` where the stream or the destination cannot do it.
 */
export function chooseDisposition(
  name: string,
  stream: Applied,
  interval: Interval | null,
  destination: Prepared<Destination>,
  options: Pick<LoadOptions, 'disposition' | 'dispositions'>,
): Disposition {
  const asked = options.dispositions?.[name] ?? stream.disposition ?? options.disposition;
  const { dispositions } = destination.part;
  const disposition = asked ?? defaultFor(stream, dispositions);
  const refuse = (reason: string, hint: string) =>
    new AriesError('CONFIG_INVALID', `${name}: ${disposition} ${reason}`, {
      connector: destination.name,
      stream: name,
      hint,
    });
  if (!dispositions.includes(disposition))
    throw refuse(`is not among what ${destination.name} can do`, `It can do ${dispositions.join(', ')}.`);
  if (disposition === 'merge' && stream.primaryKey.length === 0) {
    throw refuse('needs a primary key', "Name one in the stream's options: primaryKey: [id].");
  }
  if (
    disposition === 'replace-interval' &&
    (interval === null || stream.cursor === undefined || stream.mode !== 'interval')
  ) {
    throw refuse(
      'needs a dataset that was read by interval',
      'Extract with --interval-start and --interval-end, from a stream with a cursor.',
    );
  }
  if (disposition === 'replace' && stream.mode !== 'full' && stream.stateBefore !== null) {
    throw refuse('would leave only what is new since the last run', 'Extract with --full-refresh, or use merge.');
  }
  if (disposition === 'replace' && stream.mode === 'interval' && dispositions.includes('replace-interval')) {
    throw refuse('would leave only the interval', 'Use replace-interval, or extract without an interval.');
  }
  if (disposition === 'append' && stream.lag !== undefined) {
    throw refuse('would repeat the records that "lag" reads again', 'Use merge, or leave "lag" out.');
  }
  if (stream.consistency === 'per-range' && (disposition === 'append' || stream.primaryKey.length === 0)) {
    throw refuse(
      'could repeat records or lose some: the stream was read range by range, each at another moment',
      'Extract with --force to read it at one moment, or use merge.',
    );
  }
  return disposition;
}

/** The disposition that a load will choose; undefined where nobody has said yet what is to be loaded where. */
export function expectedDisposition(
  stream: Pick<Applied, 'mode' | 'primaryKey' | 'disposition'>,
  ahead: LoadAhead | undefined,
): Disposition | undefined {
  return stream.disposition ?? ahead?.disposition ?? (ahead && defaultFor(stream, ahead.dispositions));
}

/** Whether what is there goes, so that an empty dataset is something to load as well. */
export function replaces(disposition: Disposition | undefined): boolean {
  return disposition === 'replace' || disposition === 'replace-interval';
}

function defaultFor(stream: Pick<Applied, 'mode' | 'primaryKey'>, can: readonly Disposition[]): Disposition {
  const first =
    stream.mode === 'full'
      ? 'replace'
      : stream.mode === 'interval'
        ? 'replace-interval'
        : stream.primaryKey.length > 0
          ? 'merge'
          : 'append';
  return can.includes(first) ? first : 'append';
}
