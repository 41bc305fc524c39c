import { createHash } from 'node:crypto';
import {
  type AnyLoadSession,
  AriesError,
  type Destination,
  type LoadSession,
  type LoadSessionWithoutLedger,
  type LoadTarget,
  type TargetState,
} from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import { publicConfig } from '../config/secrets.ts';
import { keptLedger } from '../rules/kept-ledger.ts';
import type { Prepared, StepContext } from '../step/step-context.ts';

export interface OpenSessionOptions {
  pipeline: string;
  concurrency: number;
  /** Where the state is, and with it the ledger of a destination that has none. */
  states: Store;
  context: Pick<StepContext, 'redactor'>;
}

/** Opens a session of a destination. One without a ledger gets one, beside the state. */
export async function openSession(
  destination: Prepared<Destination>,
  { pipeline, concurrency, states, context }: OpenSessionOptions,
): Promise<LoadSession> {
  const session = await destination.part.open({ ...destination.ctx, pipeline, concurrency });
  if (keepsLedger(session, destination.name)) return session;
  const { config } = destination.part;
  // A pipeline may be loaded into several systems. Secrets aside: a new password is no new system.
  const system = [destination.name, publicConfig(destination.ctx.config, config, context.redactor)];
  const id = createHash('sha256').update(JSON.stringify(system)).digest('hex').slice(0, 12);
  return withKeptLedger(session, keptLedger(states, pipeline, id));
}

/** Whether a session has a ledger of its own. Throws `CONNECTOR_INVALID` for one that has only a part of it. */
export function keepsLedger(session: AnyLoadSession, connector: string): session is LoadSession {
  const has = ['ledger', 'commit', 'forget'].filter((name) => name in session);
  if (!('ledger' in session) && !('forget' in session)) return false;
  const missing = ['ledger', 'commit', 'forget'].find((name) => !has.includes(name));
  if (missing === undefined && 'inspect' in session) return true;
  throw new AriesError(
    'CONNECTOR_INVALID',
    `${connector}: a load session with "${has[0]}" also needs "${missing ?? 'inspect'}"`,
    {
      connector,
      hint: 'Keep the ledger in the system with ledger, commit and forget, or leave out ledger and forget: Aries then keeps it beside the state.',
    },
  );
}

function withKeptLedger(session: LoadSessionWithoutLedger, ledger: ReturnType<typeof keptLedger>): LoadSession {
  const targets = new Map<string, LoadTarget>();

  async function inspect(target: LoadTarget): Promise<TargetState> {
    const found = (await session.inspect?.(target)) ?? { exists: true, changes: [] };
    return { ...found, identity: found.identity ?? target.target };
  }

  const rowsOf = async (names: readonly string[]) =>
    (await ledger.rows()).filter(({ target }) => names.includes(target));

  return {
    ledger: rowsOf,
    inspect,
    open(target, reject) {
      targets.set(target.target, target);
      return session.open(target, reject);
    },
    async commit(rows, confirm) {
      // Another load may still be quicker between here and the entry. What both sent is then there twice, and both are in the ledger.
      confirm(await rowsOf(rows.map(({ target }) => target)));
      await session.commit?.();
      const entries = [];
      for (const row of rows) {
        const { identity = row.target } = await inspect(targets.get(row.target)!);
        entries.push({ ...row, identity });
      }
      await ledger.append(entries);
    },
    forget: () => ledger.forget(),
    close: () => session.close(),
  };
}
