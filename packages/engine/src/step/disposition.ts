import { AriesError, type Deletes, type Destination, type Disposition, type Interval } from '@aries-data/sdk';
import type { ManifestStream } from '../dataset/manifest.ts';
import type { OpenedRole } from './step-context.ts';
import type { LoadAhead, LoadOptions } from './step-options.ts';

/** Properties of a stream that decide its disposition. */
type Applied = Pick<ManifestStream, 'mode' | 'stateBefore' | 'primaryKey'> & {
  cursor?: string | undefined;
  disposition?: Disposition | undefined;
  lag?: string | undefined;
  changes?: boolean | undefined;
  deletes?: ManifestStream['deletes'];
  limited?: boolean | undefined;
  consistency?: ManifestStream['consistency'];
};

/**
 * Chooses the disposition of a stream: the requested one, or the default for how it was read. Full → replace; interval with a cursor →
 * replace-interval; with a key → merge; otherwise append. Throws `CONFIG_INVALID` if the stream or the destination does
 * not support it.
 */
export function chooseDisposition(
  name: string,
  stream: Applied,
  interval: Interval | null,
  destination: Pick<OpenedRole<Applying>, 'name' | 'definition'>,
  options: Pick<LoadOptions, 'disposition' | 'dispositions'>,
): Disposition {
  const asked = options.dispositions?.[name] ?? stream.disposition ?? options.disposition;
  const { dispositions } = destination.definition;
  const disposition = asked ?? defaultFor(stream, destination.definition);
  const refuse = (reason: string, hint: string) =>
    new AriesError('CONFIG_INVALID', `${name}: ${disposition} ${reason}`, {
      connector: destination.name,
      stream: name,
      hint,
    });
  if (!dispositions.includes(disposition))
    throw refuse(`is not supported by ${destination.name}`, `It supports ${dispositions.join(', ')}.`);
  if ((disposition === 'merge' || disposition === 'history') && stream.primaryKey.length === 0) {
    throw refuse('needs a primary key', "Set one in the stream's options: primaryKey: [id].");
  }
  if (
    disposition === 'replace-interval' &&
    (interval === null || stream.cursor === undefined || stream.mode !== 'interval')
  ) {
    throw refuse(
      'needs a dataset that was extracted by interval',
      'Extract a stream with a cursor, with --interval-start and --interval-end.',
    );
  }
  if (disposition === 'replace' && stream.mode !== 'full' && stream.stateBefore !== null) {
    throw refuse('would leave only the records since the last run', 'Extract with --full-refresh, or use merge.');
  }
  if (disposition === 'replace' && stream.mode === 'interval' && dispositions.includes('replace-interval')) {
    throw refuse('would leave only the interval', 'Use replace-interval, or extract without an interval.');
  }
  if (disposition === 'append' && stream.lag !== undefined) {
    throw refuse('would repeat the records that "lag" reads again', 'Use merge, or remove "lag".');
  }
  if (stream.changes === true && replaces(disposition)) {
    throw refuse(
      'cannot apply changes',
      'Use merge, history, or append, which keeps all changes. Or extract with --full-refresh.',
    );
  }
  const appliesDeletes = disposition === 'merge' || disposition === 'history';
  if (stream.changes === true && appliesDeletes && !deletesOf(destination.definition)) {
    throw refuse(`cannot apply deletes in ${destination.name}`, 'Use append, which keeps all changes.');
  }
  if (stream.deletes === 'compare' && stream.mode !== 'full' && !appliesDeletes) {
    throw refuse('cannot compare keys', 'Use merge or history, or leave out deletes: compare.');
  }
  if (compareOf(stream, disposition) !== undefined && !deletesOf(destination.definition)) {
    throw refuse(`cannot delete records in ${destination.name}`, 'Leave out deletes: compare.');
  }
  if (stream.consistency === 'per-range' && (disposition === 'append' || stream.primaryKey.length === 0)) {
    throw refuse(
      'could repeat or lose records: the ranges of the stream were read at different times',
      'Extract with --force to read it as of one time, or use merge.',
    );
  }
  return disposition;
}

/** What a destination can do with a dataset. */
type Applying = Pick<Destination, 'dispositions' | 'deletes'>;

function deletesOf({ deletes = [] }: Applying): boolean {
  return deletes.length > 0;
}

/** Returns what a load does with records that are gone: as the stream says, else as the load says. */
export function chooseDeletes({ deletes }: Pick<Applied, 'deletes'>, wanted: Deletes | undefined): Deletes {
  return deletes === undefined || deletes === 'compare' ? (wanted ?? 'hard') : deletes;
}

/**
 * Returns how a load learns which records the source still has: from the dataset, if it has all of them, or from the keys that were
 * staged with it. Undefined: it does not.
 */
export function compareOf(
  { mode, deletes, limited }: Pick<Applied, 'mode' | 'deletes' | 'limited'>,
  disposition: Disposition,
): 'dataset' | 'keys' | undefined {
  if (limited === true || (disposition !== 'merge' && disposition !== 'history')) return undefined;
  if (mode === 'full') return deletes === 'compare' || disposition === 'history' ? 'dataset' : undefined;
  return deletes === 'compare' ? 'keys' : undefined;
}

/** Returns the disposition that a load will choose, or undefined if the stream and the pipeline do not say. */
export function expectedDisposition(
  stream: Pick<Applied, 'mode' | 'primaryKey' | 'cursor' | 'disposition' | 'changes'>,
  loadAhead: LoadAhead | undefined,
): Disposition | undefined {
  return stream.disposition ?? loadAhead?.disposition ?? (loadAhead && defaultFor(stream, loadAhead));
}

/** Returns true if a disposition deletes loaded rows, so that loading an empty dataset has an effect. */
export function replaces(disposition: Disposition | undefined): boolean {
  return disposition === 'replace' || disposition === 'replace-interval';
}

function defaultFor(
  stream: Pick<Applied, 'mode' | 'primaryKey' | 'cursor' | 'changes'>,
  destination: Applying,
): Disposition {
  const { dispositions: can } = destination;
  if (stream.changes === true) return can.includes('merge') && deletesOf(destination) ? 'merge' : 'append';
  const first =
    stream.mode === 'full'
      ? 'replace'
      : stream.mode === 'interval' && stream.cursor !== undefined
        ? 'replace-interval'
        : stream.primaryKey.length > 0
          ? 'merge'
          : 'append';
  return can.includes(first) ? first : 'append';
}
