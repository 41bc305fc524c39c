import { AriesError, type LoadCounts, type LoadTarget, type Rejection, type StreamLoad } from '@aries-data/sdk';
import { type Application, applyAppend, applyMerge, applyReplace, applyReplaceInterval } from './apply.ts';
import type { Connections } from './connections.ts';
import { createCopier } from './copier.ts';
import type { Replacement, SqlConnection } from './dialect.ts';
import type { LedgerTable } from './ledger-table.ts';
import { chooseWay, makeLoadTable } from './load-route.ts';
import type { LoadTables } from './load-tables.ts';
import { planTarget, type TargetPlan, takesParts } from './plan.ts';
import type { SqlSessionOptions } from './session.ts';
import { createTarget, evolveTarget, refuseFrozen } from './target-ddl.ts';
import type { Transaction } from './transaction.ts';

/** What the loads of one session share. */
export interface SessionContext extends SqlSessionOptions {
  connections: Connections;
  transaction: Transaction;
  ledger: LedgerTable;
  loadTables: LoadTables;
  /** The number of each target's last entry in the ledger, as it was when the engine decided. */
  lastEntries: Map<string, number>;
}

/** One target of a session. */
export interface TargetLoad {
  stream: StreamLoad;
  /** The table that will be there after the commit was made by Aries. */
  madeByAries: boolean;
  /** Of the table as it was before; undefined where there was none. */
  identity: string | undefined;
  /** What has to wait for the end of the transaction, because readers cannot go on meanwhile. */
  publish(connection: SqlConnection): Promise<void>;
}

/** Locks the target against other loads of the pipeline, decides how to load it, and makes the load table. */
export async function openTarget(
  context: SessionContext,
  target: LoadTarget,
  reject: (rejection: Rejection) => void,
): Promise<TargetLoad> {
  const { connections, transaction, dialect, schema } = context;
  const { plan, madeByAries, way } = await connections.first(async (connection) => {
    await context.loadTables.claim(connection);
    await lockTarget(context, connection, target);
    const plan = await planTarget(connection, dialect, target);
    refuseFrozen(target, plan);
    const made =
      plan.table === undefined ||
      ((await context.ledger.exists(connection)) &&
        (await context.ledger.madeByAries(connection, target.target, plan.table.identity)));
    return { plan, madeByAries: made, way: await chooseWay(context, connection, target, plan, made) };
  });
  await makeLoadTable(context, plan, way);

  const loadName = way.kind === 'direct' ? target.target : way.load;
  const into = {
    table: loadName,
    columns: plan.columns.map(({ field, type, loadType }) => ({ field, type: way.kind === 'stage' ? loadType : type })),
  };
  const ordered = way.kind === 'direct' || (way.kind === 'stage' && way.ordinal);
  const inTransaction = async <T>(work: (connection: SqlConnection) => Promise<T>): Promise<T> =>
    connections.first(async (connection) => {
      await transaction.begin(connection);
      return work(connection);
    });
  const copier = createCopier({
    into,
    slots: ordered ? 1 : Math.max(1, context.concurrency),
    use: way.kind === 'direct' ? inTransaction : connections.lend,
    attempt: (connection, copy) =>
      way.kind === 'direct' ? transaction.undoable(connection, copy, (copied) => 'rows' in copied) : copy(),
    reject,
  });
  const quoted = dialect.table(schema, target.target);
  let publish: TargetLoad['publish'] = async () => {};

  /** Looks at the table again. Throws where it is not the one that was there when the load began. */
  async function lookAgain(connection: SqlConnection): Promise<TargetPlan> {
    const now = await planTarget(connection, dialect, target);
    if (now.table?.identity !== plan.table?.identity) throw changed(now.table === undefined ? 'dropped' : 'made');
    return now;
  }

  function changed(how: string): AriesError {
    return new AriesError(
      'ATTEMPT_CONFLICT',
      `The table "${target.target}" was ${how} by somebody else during the load`,
      {
        stream: target.stream,
        hint: 'Nothing was committed. Run the load again.',
      },
    );
  }

  /** Applies the load table inside the transaction: readers see the old rows until the commit. */
  async function apply(connection: SqlConnection, received: number, load: string): Promise<LoadCounts> {
    await transaction.patiently(connection, quoted, async () => {
      await lookAgain(connection);
      if (plan.table !== undefined && target.disposition !== 'append') {
        for (const sql of dialect.lockForWrite(quoted)) await connection.run(sql);
      }
      const now = await lookAgain(connection);
      refuseFrozen(target, now);
      const ddl = { connection, dialect, schema };
      if (now.table === undefined) await createTarget(ddl, target, now);
      else if (now.changes.length > 0) await evolveTarget(ddl, target, now);
    });
    const application: Application = {
      connection,
      dialect,
      target: quoted,
      load: dialect.table(schema, load),
      plan,
      received,
      interval: target.interval,
      readLater: target.readLater,
    };
    for (const sql of dialect.analyze(application.load)) await connection.run(sql);
    switch (target.disposition) {
      case 'append':
        return applyAppend(application);
      case 'replace':
        return applyReplace(application);
      case 'merge':
        return applyMerge(application);
      case 'replace-interval':
        return applyReplaceInterval(application);
    }
  }

  /** The dialect said how many rows it copied; the database says how many there are. They differ where a copy that was refused was not undone. */
  async function countLoadTable(load: string, received: number): Promise<void> {
    const rows = await connections.lend(async (connection) => {
      const [row] = await connection.query(`SELECT count(*) AS "rows" FROM ${dialect.table(schema, load)}`);
      return Number(row?.rows);
    });
    if (rows === received) return;
    throw new AriesError(
      'COUNTS_DIFFER',
      `${dialect.name} copied ${received} records for "${target.target}", but its load table holds ${rows} rows`,
      {
        stream: target.stream,
        hint: 'Nothing was committed. copyBatch or copyPart of the connector leaves rows behind when it refuses a value, or miscounts: report it to its author.',
      },
    );
  }

  async function swap(received: number, replacement: Replacement): Promise<LoadCounts> {
    const { name, replaced } = replacement;
    const inside = (connection: SqlConnection, obstacle: string) => {
      context.log.info(`${target.target}: rows are replaced inside the table, because ${obstacle}`);
      return apply(connection, received, name);
    };
    const obstacle = await connections.lend((connection) => connection.prepareReplacement(replacement));
    if (obstacle !== undefined && replaced !== undefined) {
      return inTransaction((connection) => inside(connection, obstacle));
    }
    publish = async (connection) => {
      // Something may have come to depend on it since.
      const late = replaced === undefined ? undefined : await connection.swapObstacle(replaced);
      if (late !== undefined) return void (await inside(connection, late));
      await transaction.patiently(connection, quoted, async () => {
        const now = await lookAgain(connection);
        // A column that came since is not in the new table.
        if (JSON.stringify(now.table?.columns) !== JSON.stringify(replaced?.columns)) throw changed('changed');
        await connection.replaceTable(replacement);
      });
      context.loadTables.forget(name);
    };
    return { received, inserted: received };
  }

  return {
    madeByAries,
    identity: plan.table?.identity,
    publish: (connection) => publish(connection),
    stream: {
      writeBatch: copier.batch,
      writePart: copier.part,
      takes: (format) => takesParts(dialect, plan, format),
      async finish() {
        const received = await copier.finish();
        if (way.kind !== 'direct') await countLoadTable(way.load, received);
        if (way.kind === 'swap') return swap(received, way.replacement);
        if (way.kind === 'stage') return inTransaction((connection) => apply(connection, received, way.load));
        const now = await inTransaction(lookAgain);
        // Rows in a binary form were copied into the types of before.
        if (now.columns.some(({ type }, index) => type !== plan.columns[index]!.type)) throw changed('changed');
        return { received, inserted: received };
      },
    },
  };
}

async function lockTarget(context: SessionContext, connection: SqlConnection, target: LoadTarget): Promise<void> {
  const { pipeline, ledger, lastEntries, schema, lockTimeoutMs } = context;
  const name = JSON.stringify(['_aries_target', schema, pipeline, target.target]);
  const conflict = (what: string) =>
    new AriesError('ATTEMPT_CONFLICT', `Another load of the pipeline "${pipeline}" into "${target.target}" ${what}`, {
      stream: target.stream,
      hint: 'Run it again: it goes by what the other one has done.',
    });
  if (!(await connection.lock(name, lockTimeoutMs))) throw conflict('is running');
  // What the engine decided, it decided from the ledger as it was before the lock.
  const before = lastEntries.get(target.target);
  if (before === undefined) return;
  const now = (await ledger.exists(connection)) ? await ledger.last(connection, pipeline, target.target) : 0;
  if (now !== before) throw conflict('has just finished');
}
