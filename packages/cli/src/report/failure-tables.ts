import type { RuleResult } from '@aries-data/testing';
import type { Finding } from '../doctor/finding.ts';

/**
 * What `aries test` and `aries doctor` add to a failure: how each rule or check ended. It travels as the `details` of the error.
 * A class, so that the details of a connector's own error are never taken for it.
 */
export class FailureTables {
  readonly rules: readonly RuleResult[] | undefined;
  readonly findings: readonly Finding[] | undefined;

  constructor({ rules, findings }: { rules?: readonly RuleResult[]; findings?: readonly Finding[] }) {
    this.rules = rules;
    this.findings = findings;
  }
}
