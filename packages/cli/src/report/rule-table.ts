import type { RuleResult } from '@aries-data/testing';
import { table } from './table.ts';

/** The rules as people see them: what is broken with its reason, what does not apply with its own. */
export function ruleTable(rules: readonly RuleResult[]): string {
  const rows = rules.map(({ rule, ok, reason, skipped }) => [
    rule,
    ok ? (skipped === undefined ? 'ok' : 'skipped') : 'BROKEN',
    reason ?? skipped ?? '',
  ]);
  return table(['RULE', 'RESULT', 'REASON'], rows);
}
