import { AriesCommand } from '../base-command.ts';
import { listOf } from '../flag-values.ts';
import * as flag from '../flags.ts';
import { presentStep } from '../report/summary.ts';

export default class Transform extends AriesCommand {
  static override summary = 'Change the records of a dataset into a new dataset';
  static override product = 'step' as const;
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({
    config: flag.config,
    input: flag.input,
    staging: flag.staging,
    name: flag.name,
    'run-id': flag.runId,
    ...flag.staged,
    concurrency: flag.concurrency,
    ...flag.thresholds,
    'skip-missing': flag.skipMissing,
    force: flag.force,
    'metrics-file': flag.metricsFile,
  });
  static override examples = [
    `<%= config.bin %> transform select --config '{"drop":["email"]}' --input file:///data/staging/users/1/extract/manifest.json --staging file:///data/staging`,
    '<%= config.bin %> transform ./clean.ts --input file:///data/staging/users/1/extract --staging file:///data/staging',
  ];

  override async run() {
    const { args, flags } = await this.parse(Transform);
    const { transform } = await import('@aries-data/engine');
    return transform({
      ...this.stepOptions(flags),
      transform: await this.session.connectorUse(args.connector, flags.config),
      input: listOf(flags.input),
      staging: flags.staging,
      stagedFormat: flags['staged-format'],
      compression: flags.compression,
      skipMissing: flags['skip-missing'],
    });
  }

  override present = presentStep;
}
