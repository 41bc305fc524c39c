import type { ConnectorUse } from '@aries-data/engine';
import {
  AriesError,
  type Connector,
  type ConnectorRole,
  type Json,
  type JsonRecord,
  toAriesError,
} from '@aries-data/sdk';
import type { ConformanceSuite } from './suite.ts';

/** A rule that connectors must keep. */
export interface Rule {
  /** A unique name that never changes: `source/discover-stable`. */
  id: string;
  role: ConnectorRole;
  /** What a connector that keeps the rule does. */
  title: string;
  /** What goes wrong for users if the rule is broken. */
  why: string;
  /** Throws if the connector breaks the rule; calls `ctx.skip` if it does not apply. */
  run(ctx: RuleContext): Promise<void>;
}

/** The context of a rule: a connector with a world that was set up for this rule alone. */
export interface RuleContext {
  connector: Connector;
  role: ConnectorRole;
  suite: ConformanceSuite;
  /** The connector and its config. */
  use: ConnectorUse;
  /** Changes the source, as `step` number 1, 2, … of the suite. */
  mutate(step: number): Promise<void>;
  /** Reads all rows of a target. */
  rows(target: string): Promise<JsonRecord[]>;
  /** Drops a target and creates it again, empty. Needs `remake` in the suite. */
  remake(target: string): Promise<void>;
  /** A temporary folder, deleted after the rule. */
  folder: string;
  /** Ends the rule because it does not apply. */
  skip(reason: string): never;
  /** Ends the rule because it is broken. */
  fail(reason: string, record?: Json): never;
}

/** The outcome of a rule that was not broken. */
export interface RuleOutcome {
  /** Why the rule does not apply; undefined if it was kept. */
  skipped?: string;
}

const SKIP = Symbol('skip');

/** Thrown by a rule that does not apply. */
export class RuleSkipped extends Error {
  readonly [SKIP] = true;
}

/** Makes the error that reports a broken rule. */
export function brokenRule(rule: Rule, connector: string, reason: string, cause?: unknown): AriesError {
  return new AriesError('CONFORMANCE_FAILED', `${connector} breaks "${rule.title}" (${rule.id}): ${reason}`, {
    connector,
    hint: `Why this rule exists: ${rule.why}`,
    cause,
  });
}

/** Describes the error that ended a rule. */
export function reasonOf(thrown: unknown, connector: string): string {
  const { code, message } = toAriesError(thrown, { connector });
  return `${message} (${code})`;
}

/** Formats a record for a report, shortened. */
export function showRecord(record: Json | undefined): string {
  const text = JSON.stringify(record) ?? 'undefined';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
