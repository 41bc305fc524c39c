import type { FieldSchema } from '@aries-data/sdk';
import { AriesCommand } from '../base-command.ts';
import * as flag from '../flags.ts';
import { presentSpec, type Spec } from '../report/spec-table.ts';
import type { Page } from '../report/table.ts';

export default class SpecCommand extends AriesCommand {
  static override summary = 'Print the options of a connector';
  static override secretFree = true;
  static override args = { connector: flag.connectorArg };
  static override flags = {};
  static override examples = ['<%= config.bin %> spec postgres'];

  override async run(): Promise<Spec> {
    const { args } = await this.parse(SpecCommand);
    const { configSchema } = await import('@aries-data/sdk/internal');
    const { name, version, source, transform, destination } = await this.session.loadConnector(args.connector);
    const schemaOf = (definition: { config?: Parameters<typeof configSchema>[0] }): FieldSchema =>
      definition.config === undefined ? { type: 'object', properties: {} } : configSchema(definition.config, name);
    return {
      ok: true,
      connector: name,
      version,
      ...(source === undefined ? {} : { source: { config: schemaOf(source) } }),
      ...(transform === undefined ? {} : { transform: { config: schemaOf(transform), scope: transform.scope } }),
      ...(destination === undefined
        ? {}
        : {
            destination: {
              config: schemaOf(destination),
              formats: destination.formats,
              dispositions: destination.dispositions,
              delivery: destination.delivery,
            },
          }),
    };
  }

  override present(spec: Spec, page: Page): string {
    return presentSpec(spec, page);
  }
}
