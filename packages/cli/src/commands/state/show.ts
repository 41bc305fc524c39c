import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import { table } from '../../report/table.ts';

export default class StateShow extends AriesCommand {
  static override summary = 'Print how far each stream of a job has been loaded';
  static override flags = flag.withEnvironment({ staging: flag.requiredStaging, name: flag.requiredName });
  static override examples = ['<%= config.bin %> state show --staging file:///data/staging --name users'];

  override async run() {
    const { flags } = await this.parse(StateShow);
    const { showState } = await import('@aries-data/sdk');
    return { ok: true, name: flags.name, ...(await showState({ staging: flags.staging, name: flags.name })) };
  }

  override present({ name, version, streams }: Awaited<ReturnType<StateShow['run']>>): string {
    if (version === 0) return `${name} has no state: the next incremental run reads everything.`;
    return table(
      ['STREAM', 'CURSOR'],
      Object.entries(streams).map(([stream, { cursor }]) => [stream, cursor]),
    );
  }
}
