import type { Finding } from '../doctor/finding.ts';
import { type Page, table } from './table.ts';

/** Formats what `aries doctor` found; below each problem stands what to do about it. */
export function findingsTable(findings: readonly Finding[], page: Page): string {
  const rows = findings.flatMap(({ check, status, message, hint }) => [
    [check, status === 'failed' ? 'FAILED' : status, message],
    ...(hint === undefined || status === 'ok' ? [] : [['', '', `→ ${hint}`]]),
  ]);
  return table(['CHECK', 'RESULT', ''], rows, page);
}
