import type { DriftFigures } from './drift-figures.ts';

/** A metric of Prometheus; names and units as https://prometheus.io/docs/practices/naming/ has them. */
export interface Metric {
  name: string;
  type: 'counter' | 'gauge';
  help: string;
  samples: Sample[];
}

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Makes a sample for each way in which fields can differ; also those of none, so that an alert sees the change. */
export function driftSamples(labels: Record<string, string>, drift: Readonly<DriftFigures>): Sample[] {
  return Object.entries(drift).map(([change, value]) => ({ labels: { ...labels, change }, value }));
}
