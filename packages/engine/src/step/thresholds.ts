import { AriesError } from '@aries-data/sdk';
import type { ManifestStream } from '../dataset/manifest.ts';
import { expectedDisposition, replaces } from './disposition.ts';
import type { ExtractOptions, MaxRejected, StepOptions } from './step-options.ts';

/** Judges the rejected records of each stream. Throws `RECORDS_REJECTED` naming the first stream over the threshold. */
export function judge(
  streams: Record<string, ManifestStream>,
  { maxRejected }: Pick<StepOptions, 'maxRejected'>,
): void {
  for (const [name, { counts, firstRejected }] of Object.entries(streams)) {
    const { rejected, read } = counts;
    judgeRejected({ stream: name, rejected, read, maxRejected, first: firstRejected ?? undefined });
  }
}

/** The rejected records of one stream, by their number. */
export interface Judged {
  stream: string;
  rejected: number;
  /** Of so many. */
  read: number;
  maxRejected?: MaxRejected | undefined;
  /** What was wrong with the first. */
  first?: string | undefined;
  /** Of a load: URI of the dataset, whose rejected records the command lists. */
  dataset?: string | undefined;
}

/** The same for one stream by its numbers. */
export function judgeRejected({ stream, rejected, read, maxRejected = { count: 0 }, first, dataset }: Judged): void {
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
          ? 'Correct them at the source and extract with --force, or raise --max-rejected: the good records are kept and not read again.'
          : `List them: aries dataset rejected ${dataset}. Correct them at the source and extract with --force, or raise --max-rejected.`,
    },
  );
}

/** Throws `RECORDS_TOO_FEW` for a stream below `minRecords`, `NOTHING_TO_DO` where all are empty and that is to be told. */
export function judgeEmpty(
  streams: Record<string, ManifestStream>,
  { minRecords, skipEmpty, loadAhead }: Pick<ExtractOptions, 'minRecords' | 'skipEmpty' | 'loadAhead'>,
): void {
  for (const [name, { counts }] of Object.entries(streams)) {
    if (minRecords !== undefined && counts.staged < minRecords) {
      throw new AriesError(
        'RECORDS_TOO_FEW',
        `${name}: ${counts.staged} records, at least ${minRecords} are expected`,
        {
          stream: name,
          hint: 'Check the source, or lower --min-records.',
        },
      );
    }
  }
  // Nothing is something to load where it takes the place of what is there.
  const idle = (stream: ManifestStream) =>
    stream.counts.staged === 0 && (loadAhead === undefined || !replaces(expectedDisposition(stream, loadAhead)));
  if (skipEmpty === true && Object.values(streams).every(idle)) {
    throw new AriesError('NOTHING_TO_DO', 'There are no records to stage', {
      hint: 'This is what --skip-empty asks to be told.',
    });
  }
}
