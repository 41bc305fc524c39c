import type { StreamState } from '@aries-data/sdk';
import { AriesCommand } from '../../base-command.ts';
import * as flag from '../../flags.ts';
import { type Page, table } from '../../report/table.ts';

/** A state lists up to 1,000 keys for each stream; a few are enough to see how far it is. */
const MOST_KEYS = 10;

function brief(whole: StreamState) {
  if ('position' in whole) return whole;
  const { keys, ...state } = whole;
  const more = keys.length - MOST_KEYS;
  return { ...state, keys: keys.slice(0, MOST_KEYS), ...(more > 0 ? { moreKeys: more } : {}) };
}

export default class StateShow extends AriesCommand {
  static override summary = 'Print how far each stream of a job has been loaded';
  static override flags = flag.withEnvironment({ staging: flag.requiredStaging, name: flag.requiredName });
  static override examples = ['<%= config.bin %> state show --staging file:///data/staging --name users'];

  override async run() {
    const { flags } = await this.parse(StateShow);
    const { showState } = await import('@aries-data/engine');
    const { version, streams } = await showState({ staging: flags.staging, name: flags.name });
    const shown = Object.entries(streams).map(([stream, state]) => [stream, brief(state)] as const);
    return { ok: true, name: flags.name, version, streams: Object.fromEntries(shown) };
  }

  override present({ name, version, streams }: Awaited<ReturnType<StateShow['run']>>, page: Page): string {
    if (version === 0) return `${name} has no state: the next incremental run reads everything.`;
    return table(
      ['STREAM', 'LOADED UP TO'],
      Object.entries(streams).map(([stream, state]) => [
        stream,
        'position' in state ? JSON.stringify(state.position) : state.cursor,
      ]),
      page,
    );
  }
}
