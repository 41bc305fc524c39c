import { styleText } from 'node:util';
import type { DryRunResult } from '@aries-data/engine';
import { type Page, table } from './table.ts';

/** Formats what a pipeline would do. */
export function presentDryRun({ name, steps, streams }: DryRunResult, page: Page): string {
  const rows = streams.map(({ stream, mode, window, lane, format, disposition, target }) => [
    stream,
    [
      mode,
      window.since === undefined ? '' : `from ${window.since}`,
      window.until === undefined ? '' : `to ${window.until}`,
    ]
      .filter(Boolean)
      .join(' '),
    `${lane.extract} → ${format} → ${lane.load}`,
    `${disposition} → ${target}`,
  ]);
  const changes = streams.flatMap(({ target, changes }) =>
    changes === null ? [`${target}: known once the records are`] : changes.map((change) => `${target}: ${change}`),
  );
  return [
    `${styleText('bold', name)} would run ${steps.join(' → ')}`,
    table(['STREAM', 'READ', 'LANES', 'APPLIED'], rows, page),
    changes.length === 0
      ? 'No schema changes.'
      : `Schema changes:\n${changes.map((change) => `  ${change}`).join('\n')}`,
  ].join('\n\n');
}
