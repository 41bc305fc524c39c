import type { ConnectorUse } from '@aries-data/engine';
import type { Connector, ConnectorRole, Json, JsonRecord } from '@aries-data/sdk';
import { AriesError, toAriesError } from '@aries-data/sdk';
import type { ConformanceSuite } from './suite.ts';

/** One rule that connectors keep. */
export interface Rule {
  /** Unique, and stable: `source/discover-stable`. */
  id: string;
  role: ConnectorRole;
  /** What a connector does that keeps it. */
  title: string;
  /** What the rule is for: what goes wrong for users where it is broken. */
  why: string;
  /** Throws where the connector breaks it; ends with `ctx.skip` where it does not apply. */
  run(ctx: RuleContext): Promise<void>;
}

/** What a rule is given: a connector whose world has just been set up for this rule alone. */
export interface RuleContext {
  connector: Connector;
  role: ConnectorRole;
  suite: ConformanceSuite;
  /** The connector with the config to run it with. */
  use: ConnectorUse;
  /** Changes the source, as `step` number 1, 2, … of the suite. */
  mutate(step: number): Promise<void>;
  /** What a target of the destination holds. */
  rows(target: string): Promise<JsonRecord[]>;
  /** Drops a target of the destination and makes it again, empty; only where the suite says how. */
  remake(target: string): Promise<void>;
  /** A folder that is deleted after the rule. */
  folder: string;
  /** Says that the rule does not apply, and why. */
  skip(reason: string): never;
  /** Says how the rule is broken, and by which record. */
  fail(reason: string, record?: Json): never;
}

/** How a rule ended that was not broken. */
export interface RuleOutcome {
  /** Why the rule does not apply; left out where it was kept. */
  skipped?: string;
}

const SKIP = Symbol('skip');

/** Thrown by a rule that does not apply. */
export class RuleSkipped extends Error {
  readonly [SKIP] = true;
}

/** The sentence in which a broken rule is reported. */
export function brokenRule(rule: Rule, connector: string, reason: string, cause?: unknown): AriesError {
  return new AriesError('CONFORMANCE_FAILED', `${connector} breaks "${rule.title}" (${rule.id}): ${reason}`, {
    connector,
    hint: `What the rule is for: ${rule.why}`,
    cause,
  });
}

/** Why a rule failed, of whatever ended it. */
export function reasonOf(thrown: unknown, connector: string): string {
  const { code, message } = toAriesError(thrown, { connector });
  return `${message} (${code})`;
}

/** A record for a report: short enough to read. */
export function showRecord(record: Json | undefined): string {
  const text = JSON.stringify(record) ?? 'undefined';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
