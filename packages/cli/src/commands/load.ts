import { AriesCommand } from '../base-command.ts';
import { listOf } from '../flag-values.ts';
import * as flag from '../flags.ts';
import { presentStep } from '../report/summary.ts';

export default class Load extends AriesCommand {
  static override summary = 'Write a dataset to a destination';
  static override product = 'step' as const;
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({
    config: flag.config,
    input: flag.input,
    disposition: flag.disposition,
    state: flag.state,
    'schema-change': flag.schemaChange,
    'allow-gap': flag.allowGap,
    adopt: flag.adopt,
    'allow-repeat': flag.allowRepeat,
    concurrency: flag.concurrency,
    ...flag.thresholds,
    'skip-missing': flag.skipMissing,
    force: flag.force,
    'metrics-file': flag.metricsFile,
  });
  static override examples = [
    '<%= config.bin %> load postgres --config @postgres.yaml --input file:///data/staging/users/1/extract/manifest.json --disposition merge',
  ];

  override async run() {
    const { args, flags } = await this.parse(Load);
    const { load } = await import('@aries-data/engine');
    return load({
      ...this.stepOptions(flags),
      destination: await this.session.connectorUse(args.connector, flags.config),
      input: listOf(flags.input),
      disposition: flags.disposition,
      state: flags.state,
      schemaChange: flags['schema-change'],
      allowGap: flags['allow-gap'],
      adopt: flags.adopt,
      allowRepeat: flags['allow-repeat'],
      skipMissing: flags['skip-missing'],
    });
  }

  override present = presentStep;
}
