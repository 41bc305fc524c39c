import { Args, Flags } from '@oclif/core';
import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';

interface ResetResult {
  name: string;
  streams: string[];
  ledgerRows: number;
  forgotten?: string[];
}

export default class StateReset extends AriesCommand {
  static override summary = 'Forget how far a job has been loaded, so that its next run reads everything';
  static override args = {
    connector: Args.string({ description: 'The destination whose ledger is reset as well', ignoreStdin: true }),
  };
  static override flags = flag.withEnvironment({
    config: flag.config,
    staging: flag.requiredStaging,
    name: flag.requiredName,
    source: Flags.string({
      summary: 'The source that removes what it keeps for the job as well, such as a replication slot',
      helpValue: 'CONNECTOR',
    }),
    'source-config': Flags.string({ summary: 'Config of --source, given like --config', helpValue: 'CONFIG' }),
  });
  static override examples = [
    '<%= config.bin %> state reset postgres --config @postgres.yaml --staging file:///data/staging --name users',
    '<%= config.bin %> state reset --source postgres --source-config @shop-log.yaml --staging file:///data/staging --name shop',
  ];

  override async run() {
    const { args, flags } = await this.parse(StateReset);
    const { resetState } = await import('@aries-data/engine');
    const { signal, log, redactor } = this.session;
    const destination =
      args.connector === undefined ? undefined : await this.session.connectorUse(args.connector, flags.config);
    if (destination === undefined) {
      log.warn('Only the state in the staging is reset; the ledger of the destination still records what was loaded', {
        hint: 'Name the destination and its --config to reset both.',
      });
    }
    const source =
      flags.source === undefined ? undefined : await this.session.connectorUse(flags.source, flags['source-config']);
    const { staging, name } = flags;
    const reset = await resetState({ staging, name, destination, source, signal, log, redactor });
    if (reset.ledgerRows > 0) {
      log.warn('The next run reads everything, and nothing records what the destination holds', {
        hint: 'Load it with --disposition replace or merge; append would duplicate all records.',
      });
    }
    return { ok: true, name: flags.name, ...reset };
  }

  override present({ name, streams, ledgerRows, forgotten = [] }: ResetResult): string {
    const removed = forgotten.length === 0 ? '' : ` Removed at the source: ${forgotten.join(', ')}.`;
    return `The state of ${name} is reset: ${streams.join(', ') || 'no streams'}, and ${ledgerRows} rows of the ledger.${removed}`;
  }
}
