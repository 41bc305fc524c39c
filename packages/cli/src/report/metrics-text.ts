import { followMetrics } from '../follow/follow-metrics.ts';
import { driftSamples, type Metric } from './metric.ts';
import type { RunFigures } from './run-figures.ts';

/** Values of the metrics that are not in the figures. */
export interface MetricsContext {
  version: string;
  now: number;
  /** Time of the last successful run in seconds since 1970, if there was one. */
  lastSuccess: number | undefined;
}

/**
 * Formats a run as Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/. No metric has the run's id as
 * a label: each run would be a series of its own.
 */
export function metricsText(figures: RunFigures, context: MetricsContext): string {
  return metricsOf(figures, context)
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(({ labels, value }) => `${name}{${labelsText(labels)}} ${value}`);
      return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n');
    })
    .join('\n')
    .concat('\n');
}

function metricsOf(figures: RunFigures, { version, now, lastSuccess }: MetricsContext): Metric[] {
  const { command, start, ended, name = '' } = figures;
  const run = { name, command };
  const one = (value: number | undefined) => (value === undefined ? [] : [{ labels: run, value }]);
  const streams = (field: 'records' | 'rejected' | 'bytes') =>
    [...figures.streams.values()].map((stream) => ({
      labels: { ...run, step: stream.step, stream: stream.stream },
      value: stream[field],
    }));
  const backlog = (amount: 'bytes' | 'records') =>
    figures.backlog.flatMap(({ name: kept, [amount]: value }) =>
      value === undefined ? [] : [{ labels: { ...run, kept }, value }],
    );
  const { user, system } = process.cpuUsage();
  return [
    {
      name: 'aries_build_info',
      type: 'gauge',
      help: 'The version of Aries.',
      samples: [{ labels: { ...run, version }, value: 1 }],
    },
    {
      name: 'aries_run_active',
      type: 'gauge',
      help: '1 while the run is in progress, 0 once it has ended.',
      samples: one(ended === undefined ? 1 : 0),
    },
    {
      name: 'aries_run_start_timestamp_seconds',
      type: 'gauge',
      help: 'When the run started, in seconds since 1970.',
      samples: one(start / 1000),
    },
    {
      name: 'aries_run_end_timestamp_seconds',
      type: 'gauge',
      help: 'When the run ended, in seconds since 1970.',
      samples: one(ended && ended.at / 1000),
    },
    {
      name: 'aries_run_duration_seconds',
      type: 'gauge',
      help: 'Duration of the run, so far or in total.',
      samples: one(((ended?.at ?? now) - start) / 1000),
    },
    {
      name: 'aries_run_success',
      type: 'gauge',
      help: '1 if the run ended successfully, 0 if it failed.',
      samples: one(ended && (ended.exitCode === 0 ? 1 : 0)),
    },
    {
      name: 'aries_run_exit_code',
      type: 'gauge',
      help: 'The exit code of the run that ended.',
      samples: one(ended?.exitCode),
    },
    {
      name: 'aries_run_last_success_timestamp_seconds',
      type: 'gauge',
      help: 'When a run last ended successfully, in seconds since 1970.',
      samples: one(lastSuccess),
    },
    {
      name: 'aries_step_duration_seconds',
      type: 'gauge',
      help: 'Duration of a step, so far or in total.',
      samples: [...figures.steps.values()].map((step) => ({
        labels: { ...run, step: step.step },
        value: ((step.end ?? now) - step.start) / 1000,
      })),
    },
    {
      name: 'aries_stream_records_total',
      type: 'counter',
      help: 'Records that a step of this run has read (extract, transforms) or loaded.',
      samples: streams('records'),
    },
    {
      name: 'aries_stream_rejected_records_total',
      type: 'counter',
      help: 'Records that a step of this run has set aside.',
      samples: streams('rejected'),
    },
    {
      name: 'aries_stream_bytes_total',
      type: 'counter',
      help: 'Bytes that a step of this run has encoded, or loaded as they were staged.',
      samples: streams('bytes'),
    },
    {
      name: 'aries_stream_drift_fields',
      type: 'gauge',
      help: 'Fields of the last load that differ from those loaded before, by how they do.',
      samples: [...figures.drift].flatMap(([stream, drift]) => driftSamples({ ...run, stream }, drift)),
    },
    {
      name: 'aries_source_backlog_bytes',
      type: 'gauge',
      help: 'Bytes that the source keeps until they are read and loaded, such as the lag of a replication slot.',
      samples: backlog('bytes'),
    },
    {
      name: 'aries_source_backlog_records',
      type: 'gauge',
      help: 'Records that the source keeps until they are read and loaded, such as the lag of a consumer group.',
      samples: backlog('records'),
    },
    ...followMetrics(figures.followed, { run, now }),
    {
      name: 'aries_process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory of the process.',
      samples: one(process.memoryUsage.rss()),
    },
    {
      name: 'aries_process_max_resident_memory_bytes',
      type: 'gauge',
      help: 'Highest resident memory of the process so far.',
      samples: one(process.resourceUsage().maxRSS * 1024),
    },
    {
      name: 'aries_process_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time that the run has used.',
      samples: one((user + system) / 1e6),
    },
  ];
}

function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(
      ([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
    )
    .join(',');
}
