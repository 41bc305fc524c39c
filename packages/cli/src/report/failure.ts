import { styleText } from 'node:util';
import type { AriesError } from '@aries-data/sdk';
import type { RuleResult } from '@aries-data/testing';
import type { Finding } from '../doctor/finding.ts';
import { FailureTables, type Followed } from './failure-tables.ts';
import { findingsTable } from './findings-table.ts';
import { formatCount } from './numbers.ts';
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
  /** `aries run --follow` only. */
  followed?: Followed;
}

/** Builds the failure line of an error. */
export function failureOf(error: AriesError): Failure {
  const { code, kind, message, hint, connector, stream, exitCode, details } = error;
  const { rules, findings, followed } = details instanceof FailureTables ? details : {};
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
    ...(followed === undefined ? {} : { followed }),
  };
}

/** Formats a failure for people. */
export function presentFailure({ error, rules, findings, followed }: Failure, page: Page): string {
  const where = [
    error.connector === undefined ? '' : `connector ${error.connector}`,
    error.stream === undefined ? '' : `stream ${error.stream}`,
  ].filter(Boolean);
  return [
    ...(rules === undefined ? [] : [ruleTable(rules, page)]),
    ...(findings === undefined ? [] : [findingsTable(findings, page)]),
    ...(followed === undefined ? [] : [followedText(followed)]),
    `${styleText('red', '✖')} ${styleText('bold', error.message)} ${styleText('dim', `(${error.code})`)}`,
    ...(where.length > 0 ? [`  ${styleText('dim', where.join(', '))}`] : []),
    ...(error.hint === null ? [] : [`  ${styleText('cyan', '→')} ${error.hint}`]),
  ].join('\n');
}

function followedText({ runs, records, rejected, deleted }: Followed): string {
  const counts = [
    `${formatCount(records)} records loaded`,
    ...(rejected > 0 ? [`${formatCount(rejected)} rejected`] : []),
    ...(deleted > 0 ? [`${formatCount(deleted)} deleted`] : []),
  ];
  const ended = `${formatCount(runs.loaded)} loaded, ${formatCount(runs.nothing)} found nothing new, ${formatCount(runs.failed)} failed`;
  return `Runs: ${ended}. In all, ${counts.join(', ')}.`;
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
