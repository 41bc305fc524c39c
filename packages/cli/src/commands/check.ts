import type { Backlog } from '@aries-data/sdk/internal';
import { Flags } from '@oclif/core';
import { AriesCommand } from '../base-command.ts';
import * as flag from '../flags.ts';
import { backlogText } from '../report/backlog-text.ts';

interface CheckResult {
  connector: string;
  checked: string[];
  backlog?: Backlog[];
}

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
    const backlog: Backlog[] = [];
    for (const role of roles) backlog.push(...(await check({ use, role, signal, log, redactor })).backlog);
    return { ok: true, connector: use.connector.name, checked: roles, ...(backlog.length === 0 ? {} : { backlog }) };
  }

  override present({ connector, checked, backlog = [] }: CheckResult): string {
    return [`${connector} is ready as ${checked.join(' and ')}.`, ...backlog.map(backlogText)].join('\n');
  }
}
