import type { RuleResult } from '@aries-data/testing';
import { type Page, table } from './table.ts';

/** Formats how the rules ended, with the reason why one is broken or does not apply. */
export function ruleTable(rules: readonly RuleResult[], page: Page): string {
  const rows = rules.map(({ rule, ok, reason, skipped }) => [
    rule,
    ok ? (skipped === undefined ? 'ok' : 'skipped') : 'BROKEN',
    reason ?? skipped ?? '',
  ]);
  return table(['RULE', 'RESULT', 'REASON'], rows, page);
}
