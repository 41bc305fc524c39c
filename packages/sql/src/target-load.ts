import {
  AriesError,
  type LoadCounts,
  type LoadTarget,
  type Rejection,
  type StagedFormat,
  type StreamLoad,
} from '@aries-data/sdk';
import { compareTarget, type TargetComparison, takesParts } from './compare-target.ts';
import type { SqlConnection } from './connection.ts';
import { type Copier, createCopier } from './copier.ts';
import { chooseRoute, copyTarget, type LoadRoute, makeLoadTable } from './load-route.ts';
import {
  applyInstead,
  applyLoadTable,
  changedMeanwhile,
  checkLoadTable,
  compareAgain,
  type Loading,
  swapIn,
} from './publish-target.ts';
import type { SessionContext } from './session-context.ts';
import { refuseFrozen } from './target-ddl.ts';

/** One target of a session. */
export interface TargetLoad {
  stream: StreamLoad;
  /** True if the table that will be there after the commit was created by Aries. */
  madeByAries: boolean;
  /** The identity of the table as it was before; undefined if there was none. */
  identity: string | undefined;
  /** Does what must come last in the transaction, because it blocks readers until the commit. */
  publish(connection: SqlConnection): Promise<void>;
}

/** Keeps out other loads of the pipeline into the target, chooses the route, and creates the load table. */
export async function openTarget(
  context: SessionContext,
  target: LoadTarget,
  reject: (rejection: Rejection) => void,
): Promise<TargetLoad> {
  const { connections, dialect } = context;
  const { before, madeByAries, route } = await connections.first((connection) => begin(context, connection, target));
  await makeLoadTable(context, before, route);
  const loading: Loading = { context, target, before };
  let rejected = 0;
  const countedReject = (rejection: Rejection) => {
    rejected++;
    reject(rejection);
  };
  const copier = copierFor(loading, route, countedReject);
  const keys = target.compare === 'keys' ? await openKeys(loading) : undefined;
  let publish: TargetLoad['publish'] | undefined;

  async function finish(): Promise<LoadCounts> {
    const received = await copier.finish();
    if (route.kind === 'direct') return finishDirect(loading, received);
    const { load } = route;
    await checkLoadTable(loading, { load, received });
    if (route.kind === 'stage') {
      await keys?.copier.finish();
      const tables = { load, received, keys: keys?.table, rejected };
      return inTransaction(context, (connection) => applyLoadTable(loading, connection, tables));
    }
    const { replacement } = route;
    const obstacle = await connections.lend((connection) => connection.swap!.prepare(replacement));
    if (obstacle !== undefined && replacement.replaced !== undefined) {
      return inTransaction(context, (connection) => applyInstead(loading, connection, { load, received, obstacle }));
    }
    publish = (connection) => swapIn(loading, connection, { replacement, received });
    return { received, inserted: received };
  }

  return {
    madeByAries,
    identity: before.table?.identity,
    publish: async (connection) => publish?.(connection),
    stream: {
      writeBatch: copier.batch,
      writePart: copier.part,
      takes: (format) => takesParts(dialect, before, format),
      ...(keys === undefined ? {} : { keys: keys.stream }),
      finish,
    },
  };
}

/** Creates a load table for the keys that the source has. A key that the database refuses cannot be in the target either. */
async function openKeys({
  context,
  before,
}: Loading): Promise<{ table: string; copier: Copier; stream: NonNullable<StreamLoad['keys']> }> {
  const { connections, dialect, schema, transaction, loadTables } = context;
  const table = loadTables.next();
  // In the order of the staged keys, which is that of an object's properties.
  const columns = Object.values(Object.fromEntries(before.key.map((column) => [column.field.name, column])));
  await connections.lend(async (connection) => {
    if (dialect.connections === 1) await transaction.begin(connection);
    const made = columns.map(({ name, loadType }) => ({ name, type: loadType, nullable: true }));
    for (const sql of dialect.createStage(dialect.table(schema, table), made, false)) await connection.run(sql);
  });
  const into = { table, columns: columns.map(({ field, loadType }) => ({ field, type: loadType, nullable: true })) };
  const copier = createCopier({
    into,
    slots: Math.max(1, context.concurrency),
    use: connections.lend,
    attempt: (_, copy) => copy(),
    reject: () => {},
  });
  const takes = (format: StagedFormat) => into.columns.every((column) => dialect.takes(format, column));
  return { table, copier, stream: { writeBatch: copier.batch, writePart: copier.part, takes } };
}

async function begin(
  context: SessionContext,
  connection: SqlConnection,
  target: LoadTarget,
): Promise<{ before: TargetComparison; madeByAries: boolean; route: LoadRoute }> {
  const { dialect, ledger, loadTables } = context;
  // With one connection, load tables are part of the transaction: a killed load leaves none.
  if (dialect.connections === 'many') await loadTables.claim(connection);
  await lockTarget(context, connection, target);
  const before = await compareTarget(connection, dialect, target);
  refuseFrozen(target, before);
  const madeByAries =
    before.table === undefined ||
    ((await ledger.exists(connection)) && (await ledger.madeByAries(connection, target.target, before.table.identity)));
  const route = await chooseRoute(context, connection, { target, comparison: before, madeByAries });
  return { before, madeByAries, route };
}

async function lockTarget(context: SessionContext, connection: SqlConnection, target: LoadTarget): Promise<void> {
  const { pipeline, transaction, ledger, lastEntries, schema, lockTimeoutMs } = context;
  const name = JSON.stringify(['_aries_target', schema, pipeline, target.target]);
  const conflict = (what: string) =>
    new AriesError('ATTEMPT_CONFLICT', `Another load of the pipeline "${pipeline}" into "${target.target}" ${what}`, {
      stream: target.stream,
      hint: 'Run it again. It then starts from what the other one has loaded.',
    });
  if (connection.lock === undefined) await transaction.begin(connection);
  else if (!(await connection.lock(name, lockTimeoutMs))) throw conflict('is running');
  // The engine decided by the ledger as it was before the lock.
  const before = lastEntries.get(target.target);
  if (before === undefined) return;
  const now = (await ledger.exists(connection)) ? await ledger.last(connection, pipeline, target.target) : 0;
  if (now !== before) throw conflict('has just finished');
}

function copierFor(
  { context, target, before }: Loading,
  route: LoadRoute,
  reject: (rejection: Rejection) => void,
): Copier {
  const { connections, transaction } = context;
  const isDirect = route.kind === 'direct';
  const keepsOrder = isDirect || (route.kind === 'stage' && route.ordinal);
  return createCopier({
    into: copyTarget(target.target, before, route),
    slots: keepsOrder ? 1 : Math.max(1, context.concurrency),
    use: isDirect ? (work) => inTransaction(context, work) : connections.lend,
    attempt: (connection, copy) =>
      isDirect ? transaction.undoable(connection, copy, (copied) => 'rows' in copied) : copy(),
    reject,
  });
}

function inTransaction<T>(
  { connections, transaction }: SessionContext,
  work: (connection: SqlConnection) => Promise<T>,
): Promise<T> {
  return connections.first(async (connection) => {
    await transaction.begin(connection);
    return work(connection);
  });
}

async function finishDirect(loading: Loading, received: number): Promise<LoadCounts> {
  const now = await inTransaction(loading.context, (connection) => compareAgain(loading, connection));
  // Binary cells were written for the types that the columns had before.
  if (now.columns.some(({ type }, index) => type !== loading.before.columns[index]!.type)) {
    throw changedMeanwhile(loading.target, 'changed');
  }
  return { received, inserted: received };
}
