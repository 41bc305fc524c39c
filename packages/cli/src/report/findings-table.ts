import type { Finding } from '../doctor/finding.ts';
import { table } from './table.ts';

/** What `aries doctor` found, as people see it: below each trouble what to do about it. */
export function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.flatMap(({ check, status, message, hint }) => [
    [check, status === 'failed' ? 'FAILED' : status, message],
    ...(hint === undefined || status === 'ok' ? [] : [['', '', `→ ${hint}`]]),
  ]);
  return table(['CHECK', 'RESULT', ''], rows);
}
