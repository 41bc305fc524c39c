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
import type { OpenedRole, StepContext } from '../step/step-context.ts';

export interface OpenSessionOptions {
  pipeline: string;
  concurrency: number;
  /** Store of the state, and of the ledger if the destination has none. */
  states: Store;
  context: Pick<StepContext, 'redactor'>;
}

/** Opens a session of a destination. If it has no ledger, one is kept next to the state. */
export async function openSession(
  destination: OpenedRole<Destination>,
  { pipeline, concurrency, states, context }: OpenSessionOptions,
): Promise<LoadSession> {
  const session = await destination.definition.open({ ...destination.ctx, pipeline, concurrency });
  if (keepsLedger(session, destination.name)) return session;
  const { config } = destination.definition;
  // A pipeline may be loaded into several systems. Without secrets, because a new password is not a new system.
  const system = [destination.name, publicConfig(destination.ctx.config, config, context.redactor)];
  const id = createHash('sha256').update(JSON.stringify(system)).digest('hex').slice(0, 12);
  return withKeptLedger(session, keptLedger(states, pipeline, id));
}

/** Returns true if a session keeps a ledger itself. Throws `CONNECTOR_INVALID` if it has only some of the functions for that. */
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
      hint: 'Keep the ledger in the system with ledger, commit and forget. Or leave out ledger and forget: Aries then keeps it next to the state.',
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
    async commit(rows, confirm, dropped) {
      // Another load may still commit between this check and the ledger entry. Then what both sent is there twice, and the ledger has both.
      confirm(await rowsOf(rows.map(({ target }) => target)));
      await session.commit?.();
      const entries = [];
      for (const row of rows) {
        const { identity = row.target } = await inspect(targets.get(row.target)!);
        entries.push({ ...row, identity });
      }
      await ledger.append(entries, dropped);
    },
    forget: () => ledger.forget(),
    close: () => session.close(),
  };
}
