import { openStore, type Store } from '@aries-data/stores';
import { openSession } from '../load/open-session.ts';
import { moveState, type PipelineState, readState } from '../rules/state.ts';
import { guarded, openRole, type StepContext, stepContext } from '../step/step-context.ts';
import type { ConnectorUse, StepOptions } from '../step/step-options.ts';

/**
 * Reads the state of a pipeline from its staging.
 *
 * @example
 * const { streams } = await showState({ staging: 'file:///data/staging', name: 'shop' });
 * console.log(streams.orders);
 */
export async function showState({ staging, name }: { staging: string; name: string }): Promise<PipelineState> {
  const store = await openStore(staging);
  try {
    return await readState(store, name);
  } finally {
    await store.close();
  }
}

/**
 * Deletes a pipeline's state in the staging and, if a destination is given, its rows in the destination's ledger. `repaired` says what
 * was wrong with the state file, if it was broken. A `source` removes what it keeps for the pipeline first, such as a replication slot;
 * `forgotten` names it.
 *
 * @example
 * await resetState({ staging: 'file:///data/staging', name: 'shop', destination: { connector, config } });
 */
export async function resetState(
  options: StepOptions & {
    staging: string;
    name: string;
    destination?: ConnectorUse | undefined;
    source?: ConnectorUse | undefined;
  },
): Promise<{ streams: string[]; ledgerRows: number; repaired?: string; forgotten?: string[] }> {
  const context = stepContext('state', { ...options, runId: undefined }, options.name);
  const store = await openStore(options.staging);
  try {
    const forgotten = options.source === undefined ? [] : await forgetAtSource(options.source, context);
    const ledgerRows =
      options.destination === undefined ? 0 : await forgetLedger(options.destination, options, context, store);
    let streams: string[] = [];
    const { repaired } = await moveState(store, options.name, async (before) => {
      streams = Object.keys(before.streams);
      return Object.fromEntries(streams.map((stream) => [stream, null]));
    });
    if (repaired !== undefined) context.log.warn(`${repaired}; it was replaced by an empty state`);
    return {
      streams,
      ledgerRows,
      ...(repaired === undefined ? {} : { repaired }),
      ...(options.source === undefined ? {} : { forgotten }),
    };
  } finally {
    await store.close();
  }
}

function forgetAtSource(use: ConnectorUse, context: StepContext): Promise<string[]> {
  const { name } = use.connector;
  return guarded(context, { connector: name }, async () => {
    const { definition, ctx } = openRole('source', use, context);
    if (definition.forget !== undefined) return definition.forget(ctx);
    context.log.warn(`The source ${name} keeps nothing for a job, so nothing had to be removed there`);
    return [];
  });
}

async function forgetLedger(
  use: ConnectorUse,
  { name }: { name: string },
  context: StepContext,
  states: Store,
): Promise<number> {
  return guarded(context, { connector: use.connector.name }, async () => {
    const destination = openRole('destination', use, context);
    const session = await openSession(destination, { pipeline: name, concurrency: 1, states, context });
    try {
      return await session.forget(name);
    } finally {
      await session.close();
    }
  });
}
