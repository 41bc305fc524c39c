import { AriesError } from '@aries-data/sdk';
import type { ManifestStream } from '../dataset/manifest.ts';
import { countOf } from './count-of.ts';
import { expectedDisposition, replaces } from './disposition.ts';
import type { ExtractOptions, MaxRejected, StepOptions } from './step-options.ts';

/** Checks the rejected records of each stream. Throws `RECORDS_REJECTED` naming the first stream over the threshold. */
export function checkAllRejected(
  streams: Record<string, ManifestStream>,
  { maxRejected }: Pick<StepOptions, 'maxRejected'>,
): void {
  for (const [name, { counts, firstRejected }] of Object.entries(streams)) {
    const { rejected, read } = counts;
    checkRejected({ stream: name, rejected, read, maxRejected, first: firstRejected ?? undefined });
  }
}

/** Counts of one stream to check against `maxRejected`. */
export interface RejectedCounts {
  stream: string;
  rejected: number;
  read: number;
  maxRejected?: MaxRejected | undefined;
  /** Reason of the first rejected record. */
  first?: string | undefined;
  /** URI of the dataset, for a load. `aries dataset rejected` lists its rejected records. */
  dataset?: string | undefined;
}

/** Checks the rejected records of one stream. Throws `RECORDS_REJECTED` if there are more than `maxRejected`. */
export function checkRejected({
  stream,
  rejected,
  read,
  maxRejected = { count: 0 },
  first,
  dataset,
}: RejectedCounts): void {
  const allowed = 'count' in maxRejected ? maxRejected.count : maxRejected.share * read;
  if (rejected <= allowed) return;
  const limit = 'count' in maxRejected ? `${maxRejected.count}` : `${maxRejected.share * 100}%`;
  throw new AriesError(
    'RECORDS_REJECTED',
    `${stream}: ${rejected} of ${read} records were rejected, ${limit} allowed${first === undefined ? '' : `; the first: ${first}`}`,
    {
      stream,
      hint:
        dataset === undefined
          ? 'Fix them at the source and extract with --force, or raise --max-rejected, which keeps the good records without reading them again.'
          : `List them with aries dataset rejected ${dataset}. Fix them at the source and extract with --force, or raise --max-rejected.`,
    },
  );
}

/** Throws `RECORDS_TOO_FEW` for a stream below `minRecords`, and `NOTHING_TO_DO` if all are empty and `skipEmpty` is set. */
export function checkEmpty(
  streams: Record<string, ManifestStream>,
  { minRecords, skipEmpty, loadAhead }: Pick<ExtractOptions, 'minRecords' | 'skipEmpty' | 'loadAhead'>,
): void {
  for (const [name, { counts }] of Object.entries(streams)) {
    if (minRecords !== undefined && counts.staged < minRecords) {
      throw new AriesError(
        'RECORDS_TOO_FEW',
        `${name}: ${countOf(counts.staged, 'record')}, expected at least ${minRecords}`,
        {
          stream: name,
          hint: 'Check the source, or lower --min-records.',
        },
      );
    }
  }
  // An empty dataset still has an effect if the load replaces what is in the target.
  const idle = (stream: ManifestStream) =>
    stream.counts.staged === 0 && (loadAhead === undefined || !replaces(expectedDisposition(stream, loadAhead)));
  if (skipEmpty === true && Object.values(streams).every(idle)) {
    throw new AriesError('NOTHING_TO_DO', 'There are no records to stage', {
      hint: 'It ends with 99 because of --skip-empty.',
    });
  }
}
