import type { PlanResult, StepResult } from '@aries-data/engine';
import { AriesCommand } from '../base-command.ts';
import { intervalOf } from '../flag-values.ts';
import * as flag from '../flags.ts';
import { presentPartitions } from '../report/partitions.ts';
import { presentStep } from '../report/summary.ts';

export default class Extract extends AriesCommand {
  static override summary = 'Read streams from a source into staging';
  static override product = 'step' as const;
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({
    config: flag.config,
    staging: flag.requiredStaging,
    streams: flag.streams,
    name: flag.name,
    'run-id': flag.runId,
    state: flag.state,
    'full-refresh': flag.fullRefresh,
    ...flag.interval,
    ...flag.partition,
    ...flag.staged,
    limit: flag.limit,
    concurrency: flag.concurrency,
    ...flag.thresholds,
    force: flag.force,
    'metrics-file': flag.metricsFile,
  });
  static override examples = [
    `<%= config.bin %> extract file --config '{"url":"cities.json"}' --staging file:///data/staging`,
    '<%= config.bin %> extract postgres --config @postgres.yaml --streams users,orders --staging s3://bucket/staging',
  ];

  override async run() {
    const { args, flags } = await this.parse(Extract);
    const { extract, planExtract } = await import('@aries-data/engine');
    const options = {
      ...this.stepOptions(flags),
      source: await this.session.connectorUse(args.connector, flags.config),
      staging: flags.staging,
      streams: flags.streams,
      state: flags.state,
      fullRefresh: flags['full-refresh'],
      interval: intervalOf(flags),
      stagedFormat: flags['staged-format'],
      compression: flags.compression,
      limit: flags.limit,
    };
    if (flags.plan) return planExtract({ ...options, partitions: flags.partitions });
    return extract({ ...options, partition: flags.partition });
  }

  override present(result: StepResult | PlanResult): string {
    return result.step === 'plan' ? presentPartitions(result as PlanResult) : presentStep(result as StepResult);
  }
}
