import { styleText } from 'node:util';
import type { PlanResult } from '@aries-data/engine';
import { formatCount } from './numbers.ts';

/** Formats the partitions of an extract. */
export function presentPartitions({ name, runId, plan, partitions }: PlanResult): string {
  const count = partitions.length === 1 ? '1 partition' : `${formatCount(partitions.length)} partitions`;
  return [
    `${styleText('green', '✔')} ${styleText('bold', 'plan')} ${styleText('dim', `of ${name}, run ${runId}: ${count}`)}`,
    ...partitions.map((id) => `  ${id}`),
    `  ${styleText('dim', 'plan')} ${plan}`,
  ].join('\n');
}
