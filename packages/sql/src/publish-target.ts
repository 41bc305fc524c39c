import { AriesError, type LoadCounts, type LoadTarget } from '@aries-data/sdk';
import { type Application, applyAppend, applyMerge, applyReplace, applyReplaceInterval } from './apply.ts';
import { applyChanges } from './apply-changes.ts';
import { applyHistory } from './apply-history.ts';
import { type Compared, withCompared } from './compare-keys.ts';
import { compareTarget, type TargetComparison } from './compare-target.ts';
import type { SqlConnection } from './connection.ts';
import type { SessionContext } from './session-context.ts';
import type { Replacement } from './tables.ts';
import { createTarget, evolveTarget, refuseFrozen } from './target-ddl.ts';

/** A target while it is loaded. */
export interface Loading {
  context: SessionContext;
  target: LoadTarget;
  /** The target as it was when the load began. */
  before: TargetComparison;
}

/** Compares the target again. Throws if it is not the table that was there when the load began. */
export async function compareAgain(
  { context, target, before }: Loading,
  connection: SqlConnection,
): Promise<TargetComparison> {
  const now = await compareTarget(connection, context.dialect, target);
  if (now.table?.identity !== before.table?.identity) {
    throw changedMeanwhile(target, now.table === undefined ? 'dropped' : 'made');
  }
  return now;
}

/** The error of a load whose target was changed by others. */
export function changedMeanwhile({ target, stream }: LoadTarget, how: 'dropped' | 'made' | 'changed'): AriesError {
  return new AriesError('ATTEMPT_CONFLICT', `The table "${target}" was ${how} by somebody else during the load`, {
    stream,
    hint: 'Nothing was committed. Run the load again.',
  });
}

/** Counts the load table's rows. They differ from the rows that were copied if a refused copy was not undone. */
export async function checkLoadTable(
  { context, target }: Loading,
  { load, received }: { load: string; received: number },
): Promise<void> {
  const { connections, dialect, schema } = context;
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

/** Applies the load table inside the transaction. Readers see the old rows until the commit. */
export async function applyLoadTable(
  loading: Loading,
  connection: SqlConnection,
  { load, received, keys, rejected }: { load: string; received: number; keys?: string | undefined; rejected: number },
): Promise<LoadCounts> {
  const { context, target, before } = loading;
  const { transaction, dialect, schema } = context;
  const quoted = dialect.table(schema, target.target);
  await transaction.patiently(connection, quoted, async () => {
    await compareAgain(loading, connection);
    if (before.table !== undefined && target.disposition !== 'append') {
      for (const sql of dialect.lockForWrite(quoted)) await connection.run(sql);
    }
    const now = await compareAgain(loading, connection);
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
    columns: before.columns,
    key: before.key,
    cursor: before.cursor,
    received,
    staged: before.staged,
    marks: before.marks,
    readStart: target.readStart,
    deletes: target.deletes ?? 'ignore',
    interval: target.interval,
    readLater: target.readLater,
  };
  const compared: Compared = {
    kind: target.compare,
    maxDeleted: target.maxDeleted,
    keys: keys === undefined ? undefined : dialect.table(schema, keys),
    rejected,
    stream: target.stream,
    log: context.log,
  };
  for (const sql of dialect.analyze(application.load)) await connection.run(sql);
  if (compared.keys !== undefined) for (const sql of dialect.analyze(compared.keys)) await connection.run(sql);
  switch (target.disposition) {
    case 'append':
      return applyAppend(application);
    case 'replace':
      return applyReplace(application);
    case 'merge':
      return withCompared(application, compared, target.changes === true ? applyChanges : applyMerge);
    case 'history':
      return withCompared(application, compared, applyHistory);
    case 'replace-interval':
      return applyReplaceInterval(application);
  }
}

/** The same for a new table that was to take the target's place, and why it does not. */
export function applyInstead(
  loading: Loading,
  connection: SqlConnection,
  { load, received, obstacle }: { load: string; received: number; obstacle: string },
): Promise<LoadCounts> {
  const { context, target } = loading;
  context.log.info(`${target.target}: rows are replaced inside the table, because ${obstacle}`);
  return applyLoadTable(loading, connection, { load, received, rejected: 0 });
}

/** Puts the new table in the target's place, inside the transaction. */
export async function swapIn(
  loading: Loading,
  connection: SqlConnection,
  { replacement, received }: { replacement: Replacement; received: number },
): Promise<void> {
  const { context, target } = loading;
  const { name, replaced } = replacement;
  // Something may have come to depend on the old table since.
  const obstacle = replaced === undefined ? undefined : await connection.swap!.obstacle(replaced);
  if (obstacle !== undefined) {
    await applyInstead(loading, connection, { load: name, received, obstacle });
    return;
  }
  await context.transaction.patiently(connection, context.dialect.table(context.schema, target.target), async () => {
    const now = await compareAgain(loading, connection);
    // A column that came since is not in the new table.
    if (JSON.stringify(now.table?.columns) !== JSON.stringify(replaced?.columns)) {
      throw changedMeanwhile(target, 'changed');
    }
    await connection.swap!.replace(replacement);
  });
  context.loadTables.forget(name);
}
