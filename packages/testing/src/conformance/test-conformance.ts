import type { ConnectorRole } from '@aries-data/sdk';
import { AriesError } from '@aries-data/sdk';
import { type ConformanceSuites, type ConnectorRule, conformance } from './conformance.ts';

/** What `testConformance` needs of a test runner: vitest's `test`. */
export type TestFunction = (title: string, run: (context: { skip(note?: string): void }) => Promise<void>) => unknown;

/** What is known of a connector's rules before they run. */
export interface TestConformanceOptions {
  /** Rules that do not apply to this connector, by id. A rule that is skipped and not listed fails, and so does one that is listed and runs. */
  skipped?: readonly string[];
}

/**
 * Declares a test for each rule that a connector has to keep. Rules that do not apply are reported as skipped, with the reason, and
 * are listed by name: one that silently stops applying fails.
 *
 * @example
 * import * as connector from './index.ts';
 * import * as suites from '../conformance.ts';
 *
 * testConformance(test, { name: 'things', ...connector }, suites, { skipped: ['source/memory'] });
 */
export function testConformance(
  test: TestFunction,
  connector: Partial<Record<ConnectorRole, unknown>> & { name: string; version?: string },
  suites: ConformanceSuites,
  { skipped = [] }: TestConformanceOptions = {},
): void {
  const rules = conformance(connector, suites);
  const unknown = skipped.filter((id) => !rules.some((rule) => rule.id === id));
  if (unknown.length > 0)
    throw unlisted(connector.name, `"skipped" lists ${unknown.join(', ')}: ${connector.name} has no such rules`);
  for (const rule of rules) {
    test(`${rule.id}: ${rule.title}`, async (context) => {
      const reason = await reasonToSkip(rule, { connector: connector.name, isListed: skipped.includes(rule.id) });
      if (reason !== undefined) context.skip(reason);
    });
  }
}

async function reasonToSkip(
  { id, run }: ConnectorRule,
  { connector, isListed }: { connector: string; isListed: boolean },
): Promise<string | undefined> {
  const { skipped } = await run();
  if (skipped !== undefined && !isListed) {
    throw unlisted(
      connector,
      `${id} did not run: ${skipped}`,
      `If it never applies to ${connector}, list it under "skipped".`,
    );
  }
  if (skipped === undefined && isListed)
    throw unlisted(connector, `${id} ran, and "skipped" lists it`, 'Take it out of the list.');
  return skipped;
}

function unlisted(connector: string, message: string, hint = 'Correct the list.'): AriesError {
  return new AriesError('CONFORMANCE_FAILED', message, { connector, hint });
}
