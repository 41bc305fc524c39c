import type { RuleResult } from '@aries-data/testing';
import { Flags } from '@oclif/core';
import { AriesCommand } from '../base-command.ts';
import * as flag from '../flags.ts';
import { FailureTables } from '../report/failure-tables.ts';
import { ruleTable } from '../report/rule-table.ts';
import type { Page } from '../report/table.ts';

interface TestResult {
  ok: true;
  connector: string;
  /** Numbers of rules: those that the connector keeps, and those that do not apply to it. */
  kept: number;
  skipped: number;
  rules: RuleResult[];
}

export default class Test extends AriesCommand {
  static override summary = 'Test that a connector keeps the rules that users rely on';
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({
    conformance: Flags.string({
      summary: "File that says how to test the connector; by default conformance.ts in the connector's folder",
      helpValue: 'FILE',
    }),
    rule: Flags.string({ summary: 'Test only this rule; repeat it for several', helpValue: 'NAME', multiple: true }),
    role: Flags.option({
      summary: 'Test only the rules of this role',
      options: ['source', 'transform', 'destination'] as const,
    })(),
  });
  static override examples = [
    '<%= config.bin %> test ./connectors/file',
    '<%= config.bin %> test ./connectors/file --rule destination/append',
  ];

  override async run(): Promise<TestResult> {
    const { args, flags } = await this.parse(Test);
    const [{ loadConformance }, { AriesError }, { conformance, runConformance }, { selectRules }] = await Promise.all([
      import('../load-conformance.ts'),
      import('@aries-data/sdk'),
      import('@aries-data/testing'),
      import('../select-rules.ts'),
    ]);
    const connector = await this.session.loadConnector(args.connector);
    const suites = await loadConformance(args.connector, connector, flags.conformance);
    const { log, signal } = this.session;
    const selected = selectRules(conformance(connector, suites), flags, connector.name);
    const rules = await runConformance(selected, {
      signal,
      onResult: ({ rule, ok, reason, skipped }) => {
        if (!ok) log.error(`${rule}: ${reason}`, { rule });
        else log.info(`${rule}: ${skipped === undefined ? 'kept' : `skipped, ${skipped}`}`, { rule });
      },
    });
    const broken = rules.filter(({ ok }) => !ok);
    const skipped = rules.filter((rule) => rule.skipped !== undefined).length;
    if (broken.length === 0)
      return { ok: true, connector: connector.name, kept: rules.length - skipped, skipped, rules };
    const names = broken.map(({ rule }) => rule).join(', ');
    throw new AriesError(
      'CONFORMANCE_FAILED',
      `${connector.name} breaks ${broken.length} of ${rules.length - skipped} rules that apply: ${names}`,
      {
        connector: connector.name,
        hint: 'Each rule says what it is for; docs/guides/testing.md lists them.',
        details: new FailureTables({ rules }),
      },
    );
  }

  override present({ connector, kept, skipped, rules }: TestResult, page: Page): string {
    const others = skipped === 0 ? '' : `; ${skipped} do not apply`;
    return `${ruleTable(rules, page)}\n${connector} keeps ${kept} rules${others}.`;
  }
}
