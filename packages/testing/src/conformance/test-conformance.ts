import { AriesError, type ConnectorRole } from '@aries-data/sdk';
import { type ConformanceSuites, type ConnectorRule, conformance } from './conformance.ts';

/** The part of a test runner that `testConformance` needs: vitest's `test`. */
export type TestFunction = (title: string, run: (context: { skip(note?: string): void }) => Promise<void>) => unknown;

/** Options of `testConformance`. */
export interface TestConformanceOptions {
  /** The rules that do not apply to this connector, by id. A rule fails if it is skipped but not listed, or listed but runs. */
  skipped?: readonly string[];
}

/**
 * Declares a test for each rule that a connector has to keep. Rules that do not apply are skipped with a reason and must be listed,
 * so a rule that silently stops applying fails.
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
      `If the rule never applies to ${connector}, list it under "skipped".`,
    );
  }
  if (skipped === undefined && isListed)
    throw unlisted(connector, `${id} ran, but "skipped" lists it`, 'Remove it from the list.');
  return skipped;
}

function unlisted(connector: string, message: string, hint = 'Correct the list.'): AriesError {
  return new AriesError('CONFORMANCE_FAILED', message, { connector, hint });
}
