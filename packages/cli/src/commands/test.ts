import type { RuleResult } from '@aries-data/sdk/testing';
import { Flags } from '@oclif/core';
import { AriesCommand } from '../base-command.ts';
import * as flag from '../flags.ts';
import { ruleTable } from '../report/rule-table.ts';

interface TestResult {
  ok: true;
  connector: string;
  rules: RuleResult[];
}

export default class Test extends AriesCommand {
  static override summary = 'Test that a connector keeps the rules that users rely on';
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({
    conformance: Flags.string({
      summary: "The file that says how to test it; conformance.ts in the connector's folder where it is left out",
      helpValue: 'FILE',
    }),
  });
  static override examples = ['<%= config.bin %> test ./connectors/file'];

  override async run(): Promise<TestResult> {
    const { args, flags } = await this.parse(Test);
    const [{ loadConformance }, { AriesError }, { conformance, runConformance }] = await Promise.all([
      import('../load-conformance.ts'),
      import('@aries-data/sdk'),
      import('@aries-data/sdk/testing'),
    ]);
    const connector = await this.session.loadConnector(args.connector);
    const suites = await loadConformance(args.connector, connector, flags.conformance);
    const { log, signal } = this.session;
    const rules = await runConformance(conformance(connector, suites), {
      signal,
      onResult: ({ rule, ok, reason, skipped }) => {
        if (!ok) log.error(`${rule}: ${reason}`, { rule });
        else log.info(`${rule}: ${skipped === undefined ? 'kept' : `skipped, ${skipped}`}`, { rule });
      },
    });
    const broken = rules.filter(({ ok }) => !ok);
    if (broken.length === 0) return { ok: true, connector: connector.name, rules };
    const names = broken.map(({ rule }) => rule).join(', ');
    throw new AriesError(
      'CONFORMANCE_FAILED',
      `${connector.name} breaks ${broken.length} of ${rules.length} rules: ${names}`,
      { connector: connector.name, hint: 'Each rule says what it is for; docs/guides/testing.md lists them.', rules },
    );
  }

  override present({ connector, rules }: TestResult): string {
    return `${ruleTable(rules)}\n${connector} keeps all rules that apply.`;
  }
}
