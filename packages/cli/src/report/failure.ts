import { styleText } from 'node:util';
import type { AriesError } from '@aries-data/sdk';
import type { RuleResult } from '@aries-data/testing';
import type { Finding } from '../doctor/finding.ts';
import { FailureTables } from './failure-tables.ts';
import { findingsTable } from './findings-table.ts';
import { ruleTable } from './rule-table.ts';
import type { Page } from './table.ts';

/** The result line of a command that failed: a part of the contract. */
export interface Failure {
  ok: false;
  exitCode: number;
  error: { code: string; kind: string; message: string; hint: string | null; connector?: string; stream?: string };
  /** `aries test` only. */
  rules?: readonly RuleResult[];
  /** `aries doctor` only. */
  findings?: readonly Finding[];
}

/** Builds the failure line of an error. */
export function failureOf(error: AriesError): Failure {
  const { code, kind, message, hint, connector, stream, exitCode, details } = error;
  const { rules, findings } = details instanceof FailureTables ? details : {};
  return {
    ok: false,
    exitCode,
    error: {
      code,
      kind,
      message,
      hint: hint ?? null,
      ...(connector === undefined ? {} : { connector }),
      ...(stream === undefined ? {} : { stream }),
    },
    ...(rules === undefined ? {} : { rules }),
    ...(findings === undefined ? {} : { findings }),
  };
}

/** Formats a failure for people. */
export function presentFailure({ error, rules, findings }: Failure, page: Page): string {
  const where = [
    error.connector === undefined ? '' : `connector ${error.connector}`,
    error.stream === undefined ? '' : `stream ${error.stream}`,
  ].filter(Boolean);
  return [
    ...(rules === undefined ? [] : [ruleTable(rules, page)]),
    ...(findings === undefined ? [] : [findingsTable(findings, page)]),
    `${styleText('red', '✖')} ${styleText('bold', error.message)} ${styleText('dim', `(${error.code})`)}`,
    ...(where.length > 0 ? [`  ${styleText('dim', where.join(', '))}`] : []),
    ...(error.hint === null ? [] : [`  ${styleText('cyan', '→')} ${error.hint}`]),
  ].join('\n');
}

/** Returns the stack of an error and those of its causes. */
export function stackOf(error: unknown): string {
  const stacks: string[] = [];
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    stacks.push(cause.stack ?? `${cause.name}: ${cause.message}`);
  }
  return stacks.join('\ncaused by ');
}
