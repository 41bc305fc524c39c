import { AriesCommand } from '../base-command.ts';
import { listOf } from '../flag-values.ts';
import { connectorArg } from '../flags.ts';
import { presentStep } from '../report/summary.ts';
import { stepFlags } from '../step-flags.ts';

export default class Load extends AriesCommand {
  static override summary = 'Write a dataset to a destination';
  static override product = 'step' as const;
  static override args = { connector: connectorArg };
  static override flags = stepFlags('load');
  static override examples = [
    '<%= config.bin %> load postgres --config @postgres.yaml --input file:///data/staging/users/1/extract/manifest.json --disposition merge',
  ];

  override async run() {
    const { args, flags } = await this.parse(Load);
    const { load } = await import('@aries-data/engine');
    return load({
      ...this.stepOptions('load', flags),
      destination: await this.session.connectorUse(args.connector, flags.config),
      input: listOf(flags.input),
    });
  }

  override present = presentStep;
}
