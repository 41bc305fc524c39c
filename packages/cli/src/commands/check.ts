import { Flags } from '@oclif/core';
import { AriesCommand } from '../base-command.ts';
import * as flag from '../flags.ts';

export default class Check extends AriesCommand {
  static override summary = 'Check a config, and that the connector can reach its system with it';
  static override args = { connector: flag.connectorArg };
  static override flags = flag.withEnvironment({
    config: flag.config,
    role: Flags.option({
      options: ['source', 'transform', 'destination'] as const,
      summary: 'Role to check; by default every role that accepts this config',
    })(),
  });
  static override examples = ['<%= config.bin %> check postgres --config @postgres.yaml'];

  override async run() {
    const { args, flags } = await this.parse(Check);
    const [{ check }, { rolesFor }] = await Promise.all([import('@aries-data/engine'), import('../roles-for.ts')]);
    const { signal, log, redactor } = this.session;
    const use = await this.session.connectorUse(args.connector, flags.config);
    const roles = flags.role === undefined ? rolesFor(use) : [flags.role];
    for (const role of roles) await check({ use, role, signal, log, redactor });
    return { ok: true, connector: use.connector.name, checked: roles };
  }

  override present({ connector, checked }: { connector: string; checked: string[] }): string {
    return `${connector} is ready as ${checked.join(' and ')}.`;
  }
}
