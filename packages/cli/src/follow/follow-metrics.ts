import { driftSamples, type Metric } from '../report/metric.ts';
import type { FollowFigures, LoadedFigures } from './follow-figures.ts';

/** Makes the metrics that only `--follow` has; none without it. */
export function followMetrics(
  figures: FollowFigures | undefined,
  { run, now }: { run: Record<string, string>; now: number },
): Metric[] {
  if (figures === undefined) return [];
  const { runs, streams, total, failures, start, lastSuccess = start } = figures;
  const byStream = (count: keyof LoadedFigures) =>
    [...streams].map(([stream, counts]) => ({ labels: { ...run, stream }, value: counts[count] }));
  const inAll = (count: keyof LoadedFigures) => [{ labels: run, value: total[count] }];
  return [
    {
      name: 'aries_follow_runs_total',
      type: 'counter',
      help: 'Runs that have ended, by outcome.',
      samples: Object.entries(runs).map(([outcome, value]) => ({ labels: { ...run, outcome }, value })),
    },
    {
      name: 'aries_follow_consecutive_failures',
      type: 'gauge',
      help: 'Runs that have failed since the last one that did not.',
      samples: [{ labels: run, value: failures }],
    },
    {
      name: 'aries_follow_seconds_since_success',
      type: 'gauge',
      help: 'Seconds since a run last ended successfully, or since the start.',
      samples: [{ labels: run, value: Math.max(0, now - lastSuccess) / 1000 }],
    },
    counter('aries_follow_records_total', 'Records that all loads have committed.', inAll('records')),
    counter(
      'aries_follow_rejected_records_total',
      'Records that all committed runs have set aside.',
      inAll('rejected'),
    ),
    counter(
      'aries_follow_deleted_records_total',
      'Records that all loads have deleted, marked or closed.',
      inAll('deleted'),
    ),
    counter('aries_follow_stream_records_total', 'Records of a stream that loads have committed.', byStream('records')),
    counter(
      'aries_follow_stream_rejected_records_total',
      'Records of a stream that committed runs have set aside.',
      byStream('rejected'),
    ),
    counter(
      'aries_follow_stream_deleted_records_total',
      'Records of a stream that loads have deleted, marked or closed.',
      byStream('deleted'),
    ),
    counter(
      'aries_follow_stream_drift_fields_total',
      'Fields that differed from those loaded before, by how they did.',
      [...streams].flatMap(([stream, { drift }]) => driftSamples({ ...run, stream }, drift)),
    ),
  ];
}

function counter(name: string, help: string, samples: Metric['samples']): Metric {
  return { name, type: 'counter', help, samples };
}
