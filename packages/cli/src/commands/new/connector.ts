import { Flags } from '@oclif/core';
import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import { presentNew } from '../../report/new-files.ts';
import type { ConnectorTemplateName } from '../../scaffold/connector-files.ts';

const TEMPLATES = ['api', 'database', 'file', 'transform', 'destination'] as const satisfies ConnectorTemplateName[];

export default class NewConnector extends AriesCommand {
  static override summary = 'Create the package of a new connector, with a working stream and its tests';
  static override args = { name: flag.newNameArg };
  static override flags = flag.withEnvironment({
    source: Flags.boolean({ summary: 'Create a source', exclusive: ['transform', 'destination'] }),
    destination: Flags.boolean({ summary: 'Create a destination', exclusive: ['source', 'transform'] }),
    transform: Flags.boolean({ summary: 'Create a transform', exclusive: ['source', 'destination'] }),
    template: Flags.option({ options: TEMPLATES, summary: 'Template to start from' })(),
    yes: flag.yes,
  });
  static override examples = [
    '<%= config.bin %> new connector issues',
    '<%= config.bin %> new connector masked --transform --yes',
  ];

  override async run() {
    const { args, flags } = await this.parse(NewConnector);
    const { newConnector } = await import('../../scaffold/new-connector.ts');
    return newConnector(args.name, flags, { ...this.session, from: process.cwd() });
  }

  override present = presentNew;
}
