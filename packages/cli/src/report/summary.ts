import { styleText } from 'node:util';
import type { StepResult } from '@aries-data/engine';
import { formatBytes, formatCount, formatDuration } from './numbers.ts';
import { type Page, table } from './table.ts';

/** Formats the result of a step, or of each step of a pipeline. */
export function presentStep(result: StepResult & { steps?: Record<string, StepResult> }, page: Page): string {
  return Object.values(result.steps ?? { [result.step]: result })
    .map((step) => presentOne(step, page))
    .join('\n');
}

function presentOne(result: StepResult, page: Page): string {
  const { step, name, runId, streams, dataset, durationMs } = result;
  const rows = Object.entries(streams).map(([stream, { records, rejected, bytes, target, disposition, outcome }]) => [
    stream,
    formatCount(records),
    formatCount(rejected),
    formatBytes(bytes),
    [
      disposition,
      target === undefined ? '' : `→ ${target}`,
      outcome === undefined || outcome === 'loaded' ? '' : `(${outcome})`,
    ]
      .filter(Boolean)
      .join(' '),
  ]);
  return [
    `${styleText('green', '✔')} ${styleText('bold', step)} ${styleText('dim', `of ${name}, run ${runId}, in ${formatDuration(durationMs)}`)}`,
    table(['STREAM', 'RECORDS', 'REJECTED', 'BYTES', ''], rows, { ...page, indent: '  ' }),
    `  ${styleText('dim', 'dataset')} ${dataset}`,
  ].join('\n');
}
