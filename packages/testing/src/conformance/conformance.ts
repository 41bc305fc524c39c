import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AriesError, type Connector, type ConnectorRole, isAriesError } from '@aries-data/sdk';
import { abortRules } from './abort-rules.ts';
import { changeRules } from './change-rules.ts';
import { configRules } from './config-rules.ts';
import { cursorRules } from './cursor-rules.ts';
import { dispositionRules } from './disposition-rules.ts';
import { httpRules } from './http-rules.ts';
import { incrementalRules } from './incremental-rules.ts';
import { interruptionRules } from './interruption-rules.ts';
import { keyRules } from './key-rules.ts';
import { meetingRules } from './meeting-rules.ts';
import { memoryRules } from './memory-rule.ts';
import { positionRules } from './position-rules.ts';
import { recordRules } from './record-rules.ts';
import { refusalRules } from './refusal-rules.ts';
import {
  brokenRule,
  type Rule,
  type RuleContext,
  type RuleOutcome,
  RuleSkipped,
  reasonOf,
  showRecord,
} from './rule.ts';
import { secretRules } from './secret-rules.ts';
import { shapeRules } from './shape-rules.ts';
import { sourceChangeRules } from './source-change-rules.ts';
import type { ConformanceSuite } from './suite.ts';
import { transformRules } from './transform-rules.ts';
import { valueRules } from './value-rules.ts';

const RULES: readonly Rule[] = [
  ...configRules('source'),
  ...recordRules,
  ...incrementalRules,
  ...interruptionRules,
  ...sourceChangeRules,
  ...positionRules,
  ...secretRules,
  ...httpRules,
  ...memoryRules,
  ...configRules('transform'),
  ...transformRules,
  ...configRules('destination'),
  ...dispositionRules,
  ...changeRules,
  ...keyRules,
  ...cursorRules,
  ...shapeRules,
  ...valueRules,
  ...refusalRules,
  ...abortRules,
  ...meetingRules,
];

/** The exports of a `conformance.ts`: a suite for each role of its connector. */
export interface ConformanceSuites {
  // biome-ignore lint/suspicious/noExplicitAny: only the definition of a suite knows what its setup returns
  source?: ConformanceSuite<any>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  transform?: ConformanceSuite<any>;
  // biome-ignore lint/suspicious/noExplicitAny: see above
  destination?: ConformanceSuite<any>;
}

/** A rule bound to one connector. */
export interface ConnectorRule extends Pick<Rule, 'id' | 'role' | 'title' | 'why'> {
  /** Runs the rule. Throws `CONFORMANCE_FAILED` with rule, reason and record if it is broken; returns the reason if it does not apply. */
  run(): Promise<RuleOutcome>;
}

/** The result of one rule, as `aries test` reports it. */
export interface RuleResult {
  rule: string;
  title: string;
  ok: boolean;
  /** How the rule is broken. */
  reason?: string;
  /** Why the rule does not apply. */
  skipped?: string;
}

const ROLES: readonly ConnectorRole[] = ['source', 'transform', 'destination'];

/**
 * Returns the rules that a connector has to keep, each ready to run. Throws `CONNECTOR_INVALID` if a role of the connector has no suite.
 *
 * @example
 * import * as connector from './index.ts';
 * import * as suites from '../conformance.ts';
 *
 * for (const rule of conformance({ name: 'things', ...connector }, suites)) test(rule.title, () => rule.run());
 */
export function conformance(
  connector: Partial<Record<ConnectorRole, unknown>> & { name: string; version?: string },
  suites: ConformanceSuites,
): ConnectorRule[] {
  const tested = { version: '0.0.0', ...connector } as Connector;
  const roles = ROLES.filter((role) => tested[role] !== undefined);
  const untested = roles.find((role) => suites[role] === undefined);
  if (untested !== undefined || roles.length === 0) {
    throw new AriesError(
      'CONNECTOR_INVALID',
      untested === undefined
        ? `${tested.name} has no source, transform or destination to test`
        : `the conformance.ts of ${tested.name} does not say how to test its ${untested}`,
      { connector: tested.name, hint: `Write there: export const ${untested ?? 'source'} = defineConformance({ … })` },
    );
  }
  return RULES.filter(({ role }) => roles.includes(role)).map((rule) => {
    const { id, role, title, why } = rule;
    return { id, role, title, why, run: () => runRule(rule, tested, suites[role]!) };
  });
}

/**
 * Runs rules one after the other and reports each result.
 *
 * @example
 * const results = await runConformance(conformance(connector, suites), {
 *   onResult: ({ rule, ok, reason }) => console.log(rule, ok ? 'kept' : reason),
 * });
 */
export async function runConformance(
  rules: readonly ConnectorRule[],
  { onResult, signal }: { onResult?: (result: RuleResult) => void; signal?: AbortSignal } = {},
): Promise<RuleResult[]> {
  const results: RuleResult[] = [];
  for (const { id: rule, title, run } of rules) {
    signal?.throwIfAborted();
    const result: RuleResult = await run().then(
      ({ skipped }) => ({ rule, title, ok: true, ...(skipped === undefined ? {} : { skipped }) }),
      (error: Error) => ({ rule, title, ok: false, reason: error.message.replace(/^.*? breaks ".*?" \(.*?\): /, '') }),
    );
    results.push(result);
    onResult?.(result);
  }
  return results;
}

async function runRule(rule: Rule, connector: Connector, suite: ConformanceSuite): Promise<RuleOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-conformance-'));
  try {
    return await runRuleIn(folder, rule, { connector, suite });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runRuleIn(
  folder: string,
  rule: Rule,
  { connector, suite }: { connector: Connector; suite: ConformanceSuite },
): Promise<RuleOutcome> {
  const world = await suite.setup?.();
  try {
    await rule.run(contextOf({ rule, connector, suite, folder, world }));
    return {};
  } catch (thrown) {
    if (thrown instanceof RuleSkipped) return { skipped: thrown.message };
    if (isAriesError(thrown) && thrown.code === 'CONFORMANCE_FAILED') throw thrown;
    throw brokenRule(rule, connector.name, reasonOf(thrown, connector.name), thrown);
  } finally {
    await world?.[Symbol.asyncDispose]();
  }
}

interface Ruled {
  rule: Rule;
  connector: Connector;
  suite: ConformanceSuite;
  folder: string;
  world: Awaited<ReturnType<NonNullable<ConformanceSuite['setup']>>> | undefined;
}

function contextOf({ rule, connector, suite, folder, world }: Ruled): RuleContext {
  const fail: RuleContext['fail'] = (reason, record) => {
    const shown = record === undefined ? '' : `: ${showRecord(record)}`;
    throw brokenRule(rule, connector.name, `${reason}${shown}`);
  };
  return {
    connector,
    role: rule.role,
    suite,
    folder,
    use: { connector, config: { ...suite.config, ...world?.config } },
    fail,
    skip(reason) {
      throw new RuleSkipped(reason);
    },
    async mutate(step) {
      await suite.mutate?.(step, world!);
    },
    async remake(target) {
      await suite.remake?.(target, world!);
    },
    async rows(target) {
      if (suite.rows === undefined) fail('the conformance.ts has no rows(target), so nothing can be read back');
      return suite.rows!(target, world!);
    },
  };
}
