import type { RuleResult } from '@aries-data/testing';
import type { Finding } from '../doctor/finding.ts';
import type { FollowFigures, LoadedFigures } from '../follow/follow-figures.ts';

/** What all runs of `aries run --follow` have done. */
export interface Followed extends LoadedFigures {
  runs: FollowFigures['runs'];
}

/**
 * What `aries test` and `aries doctor` add to a failure: how each rule or check ended; what `aries run --follow` adds: what is counted so
 * far. It travels as the `details` of the error.
 * A class, so that the details of a connector's own error are never taken for it.
 */
export class FailureTables {
  readonly rules: readonly RuleResult[] | undefined;
  readonly findings: readonly Finding[] | undefined;
  readonly followed: Followed | undefined;

  constructor({
    rules,
    findings,
    followed,
  }: {
    rules?: readonly RuleResult[];
    findings?: readonly Finding[];
    followed?: Followed;
  }) {
    this.rules = rules;
    this.findings = findings;
    this.followed = followed;
  }
}
