import type { LoadTarget } from '@aries-data/sdk';
import { loadColumns, type TargetComparison } from './compare-target.ts';
import type { CopyTarget, SqlConnection, Swap } from './connection.ts';
import type { SessionContext } from './session-context.ts';
import type { NewColumn, Replacement } from './tables.ts';

/** Where rows go before the commit. */
export type LoadRoute =
  /** Into the target, inside the transaction. */
  | { kind: 'direct' }
  /** Into a load table, from which the disposition is applied by INSERT, UPDATE and DELETE. */
  | { kind: 'stage'; load: string; ordinal: boolean }
  /** Into a new table that takes the target's place. */
  | { kind: 'swap'; load: string; replacement: Replacement };

/** Chooses the route with the fewest writes that the disposition allows. */
export async function chooseRoute(
  { loadTables }: Pick<SessionContext, 'loadTables'>,
  connection: Pick<SqlConnection, 'savepoints' | 'swap'>,
  { target, comparison, madeByAries }: { target: LoadTarget; comparison: TargetComparison; madeByAries: boolean },
): Promise<LoadRoute> {
  const { table, columns, changes } = comparison;
  const { disposition } = target;
  const addsOnly = disposition === 'append' || disposition === 'replace';
  const isCast = columns.some(({ type, loadType }) => type !== loadType);
  if (disposition === 'append' && table !== undefined && connection.savepoints && changes.length === 0 && !isCast) {
    return { kind: 'direct' };
  }
  const swaps = connection.swap !== undefined && (await canSwap(connection.swap));
  const load = loadTables.next();
  if (!swaps) return { kind: 'stage', load, ordinal: !addsOnly };
  const replacement: Replacement = {
    name: load,
    target: target.target,
    replaced: table,
    columns: replacementColumns(comparison),
    primaryKey: target.primaryKey,
    changes,
  };
  return { kind: 'swap', load, replacement };

  async function canSwap(swap: Swap): Promise<boolean> {
    if (table === undefined) return addsOnly;
    return disposition === 'replace' && madeByAries && !isCast && (await swap.obstacle(table)) === undefined;
  }
}

/** Creates the load table. With many connections this is outside the transaction, so that each of them can copy into it. */
export async function makeLoadTable(
  { connections, transaction, dialect, schema }: SessionContext,
  comparison: TargetComparison,
  route: LoadRoute,
): Promise<void> {
  if (route.kind === 'direct') return;
  await connections.lend(async (connection) => {
    if (dialect.connections === 1) await transaction.begin(connection);
    if (route.kind === 'swap') return connection.swap!.create(route.replacement);
    const columns = loadColumns(comparison).map(({ name, loadType, nullable }) => ({ name, type: loadType, nullable }));
    // Not every database has tables without columns.
    if (columns.length === 0) columns.push({ name: '_aries_nothing', type: dialect.bigintType, nullable: true });
    for (const sql of dialect.createStage(dialect.table(schema, route.load), columns, route.ordinal)) {
      await connection.run(sql);
    }
  });
}

/** The table that rows are copied into on this route. */
export function copyTarget(target: string, comparison: TargetComparison, route: LoadRoute): CopyTarget {
  const columns = route.kind === 'stage' ? loadColumns(comparison) : comparison.columns;
  const made = route.kind === 'swap' ? route.replacement.columns : undefined;
  return {
    table: route.kind === 'direct' ? target : route.load,
    columns: columns.map(({ field, name, type, loadType, nullable }) => ({
      field,
      type: route.kind === 'stage' ? loadType : type,
      nullable: made?.find((column) => column.name === name)?.nullable ?? nullable,
    })),
  };
}

/** The columns of a new table: those of the one that it replaces with the changes made, or the dataset's. */
function replacementColumns({ table, columns, changes }: TargetComparison): NewColumn[] {
  if (table === undefined) return columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
  const made: NewColumn[] = table.columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
  for (const change of changes) {
    if (change.kind === 'add') {
      made.push({ name: change.column, type: change.type, nullable: true });
      continue;
    }
    const column = made.find(({ name }) => name === change.column)!;
    if (change.kind === 'widen') column.type = change.type;
    else column.nullable = true;
  }
  return made;
}
