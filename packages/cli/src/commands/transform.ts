import { AriesCommand } from '../base-command.ts';
import { listOf } from '../flag-values.ts';
import { connectorArg } from '../flags.ts';
import { presentStep } from '../report/summary.ts';
import { stepFlags } from '../step-flags.ts';

export default class Transform extends AriesCommand {
  static override summary = 'Transform a dataset into a new dataset';
  static override product = 'step' as const;
  static override args = { connector: connectorArg };
  static override flags = stepFlags('transform');
  static override examples = [
    `<%= config.bin %> transform select --config '{"drop":["email"]}' --input file:///data/staging/users/1/extract/manifest.json --staging file:///data/staging`,
    '<%= config.bin %> transform ./clean.ts --input file:///data/staging/users/1/extract --staging file:///data/staging',
  ];

  override async run() {
    const { args, flags } = await this.parse(Transform);
    const { transform } = await import('@aries-data/engine');
    return transform({
      ...this.stepOptions('transform', flags),
      transform: await this.session.connectorUse(args.connector, flags.config),
      input: listOf(flags.input),
    });
  }

  override present = presentStep;
}
