import { readFileSync } from 'node:fs';
import type { PipelineResult } from '@aries-data/engine';
import { expect, test } from 'vitest';
import { metricsText } from '../packages/cli/src/report/metrics-text.ts';
import { recordRun } from '../packages/cli/src/report/run-figures.ts';

const dashboard = JSON.parse(readFileSync(new URL('../docs/grafana/aries.json', import.meta.url), 'utf8')) as {
  panels: { id: number; title: string; targets: { expr: string; legendFormat: string }[] }[];
  templating: { list: { query: unknown }[] };
};
const guide = readFileSync(new URL('../docs/guides/monitoring.md', import.meta.url), 'utf8');

/** Lists every metric of a finished run with its label names. */
const written = (() => {
  const recorder = recordRun('run');
  recorder.onStart({ step: 'extract', name: 'shop', runId: 'monday' });
  recorder.onProgress({ step: 'extract', stream: 'users', records: 1, rejected: 0, bytes: 1 });
  recorder.onDrift('users', { appeared: [], vanished: [], changed: [] });
  recorder.follow(10);
  const backlog = [{ name: 'replication slot "shop"', bytes: 1, records: 1 }];
  const extract = { step: 'extract', durationMs: 1, streams: {}, backlog };
  const load = { step: 'load', durationMs: 1, streams: { users: { records: 1, rejected: 0, bytes: 1 } } };
  const result = { ...load, steps: { extract, load } } as unknown as PipelineResult;
  recorder.onRun({ runId: 'monday', outcome: 'loaded', result });
  recorder.end({ result: {} });
  const text = metricsText(recorder.figures, { version: '1', now: Date.now(), lastSuccess: 1 });
  return new Map(
    [...text.matchAll(/^(aries_\w+)\{(.*)\} \S+$/gm)].map(([, name = '', labels = '']) => [
      name,
      [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label),
    ]),
  );
})();
const queries = [
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.map(({ query }) => JSON.stringify(query)),
];

test('the dashboard queries only metrics that the metrics file has', () => {
  const asked = queries.flatMap((query) => query.match(/aries_\w+/g) ?? []);
  expect(asked.length).toBeGreaterThan(10);
  expect(asked.filter((name) => !written.has(name))).toEqual([]);
});

test('it groups and names series by existing labels', () => {
  for (const { title, targets } of dashboard.panels) {
    for (const { expr, legendFormat } of targets) {
      const [metric = ''] = expr.match(/aries_\w+/) ?? [];
      const used = [
        ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label),
        ...(/by \(([^)]*)\)/.exec(expr)?.[1]?.split(', ') ?? []),
        ...[...expr.matchAll(/(\w+)=~/g)].map(([, label]) => label),
      ];
      for (const label of used) expect(written.get(metric), `${title}: ${label}`).toContain(label);
    }
  }
  const ids = dashboard.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the guide lists each metric, and alerts only on existing ones', () => {
  expect(new Set(guide.match(/\baries_[a-z_]+\b/g))).toEqual(new Set(written.keys()));
});
