import { styleText } from 'node:util';
import type { StepResult } from '@aries-data/engine';
import { formatBytes, formatCount, formatDuration } from './numbers.ts';
import { table } from './table.ts';

/** What a step came to, or each step of a pipeline, for people. */
export function presentStep(result: StepResult & { steps?: Record<string, StepResult> }): string {
  return Object.values(result.steps ?? { [result.step]: result })
    .map(presentOne)
    .join('\n');
}

function presentOne(result: StepResult): string {
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
    indent(table(['STREAM', 'RECORDS', 'REJECTED', 'BYTES', ''], rows)),
    `  ${styleText('dim', 'dataset')} ${dataset}`,
  ].join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
