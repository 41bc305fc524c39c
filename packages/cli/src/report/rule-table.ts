import { table } from './table.ts';

/** How one rule of the conformance battery ended. */
export interface RuleLine {
  rule: string;
  ok: boolean;
  reason?: string;
  skipped?: string;
}

/** The rules as people see them: what is broken with its reason, what does not apply with its own. */
export function ruleTable(rules: readonly RuleLine[]): string {
  const rows = rules.map(({ rule, ok, reason, skipped }) => [
    rule,
    ok ? (skipped === undefined ? 'ok' : 'skipped') : 'BROKEN',
    reason ?? skipped ?? '',
  ]);
  return table(['RULE', 'RESULT', 'REASON'], rows);
}
