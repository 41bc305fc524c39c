import type { PlanResult, StepResult } from '@aries-data/engine';
import { AriesCommand } from '../base-command.ts';
import { intervalOf } from '../flag-values.ts';
import { connectorArg } from '../flags.ts';
import { presentPartitions } from '../report/partitions.ts';
import { presentStep } from '../report/summary.ts';
import type { Page } from '../report/table.ts';
import { stepFlags } from '../step-flags.ts';

export default class Extract extends AriesCommand {
  static override summary = 'Read streams from a source into staging';
  static override product = 'step' as const;
  static override args = { connector: connectorArg };
  static override flags = stepFlags('extract');
  static override examples = [
    `<%= config.bin %> extract file --config '{"url":"cities.json"}' --staging file:///data/staging`,
    '<%= config.bin %> extract postgres --config @postgres.yaml --streams users,orders --staging s3://bucket/staging',
  ];

  override async run() {
    const { args, flags } = await this.parse(Extract);
    const { extract, planExtract } = await import('@aries-data/engine');
    const options = {
      ...this.stepOptions('extract', flags),
      source: await this.session.connectorUse(args.connector, flags.config),
      interval: intervalOf(flags),
    };
    return flags.plan ? planExtract(options) : extract(options);
  }

  override present(result: StepResult | PlanResult, page: Page): string {
    return result.step === 'plan' ? presentPartitions(result as PlanResult) : presentStep(result as StepResult, page);
  }
}
