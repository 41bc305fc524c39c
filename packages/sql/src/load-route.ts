import type { LoadTarget } from '@aries-data/sdk';
import type { Replacement, SqlConnection } from './dialect.ts';
import type { TargetPlan } from './plan.ts';
import type { SessionContext } from './target-load.ts';

/** Where rows go before the commit: see `SqlDialect`. */
export type Way =
  | { kind: 'direct' }
  | { kind: 'stage'; load: string; ordinal: boolean }
  | { kind: 'swap'; load: string; replacement: Replacement };

/** Decides how rows reach the target: the fewest writes that its disposition allows. */
export async function chooseWay(
  { dialect, loadTables }: SessionContext,
  connection: SqlConnection,
  target: LoadTarget,
  plan: TargetPlan,
  madeByAries: boolean,
): Promise<Way> {
  const { table, columns, changes } = plan;
  const { disposition } = target;
  const asTheyAre = columns.every(({ type, loadType }) => type === loadType);
  if (disposition === 'append' && table !== undefined && dialect.savepoints && changes.length === 0 && asTheyAre) {
    return { kind: 'direct' };
  }
  const adds = disposition === 'append' || disposition === 'replace';
  const swaps =
    table === undefined
      ? adds
      : disposition === 'replace' && madeByAries && asTheyAre && (await connection.swapObstacle(table)) === undefined;
  const load = loadTables.next();
  if (!swaps) return { kind: 'stage', load, ordinal: !adds };
  const replacement: Replacement = {
    name: load,
    target: target.target,
    replaced: table,
    columns,
    primaryKey: target.primaryKey,
    changes,
  };
  return { kind: 'swap', load, replacement };
}

/** Makes the load table, outside the transaction, so that every connection can copy into it. */
export async function makeLoadTable(
  { connections, dialect, schema }: SessionContext,
  plan: TargetPlan,
  way: Way,
): Promise<void> {
  if (way.kind === 'direct') return;
  await connections.lend(async (connection) => {
    if (way.kind === 'swap') return connection.createReplacement(way.replacement);
    const columns = plan.columns.map(({ name, loadType, nullable }) => ({ name, type: loadType, nullable }));
    // Not every database has tables without columns.
    if (columns.length === 0) columns.push({ name: '_aries_nothing', type: dialect.bigintType, nullable: true });
    for (const sql of dialect.createStage(dialect.table(schema, way.load), columns, way.ordinal)) {
      await connection.run(sql);
    }
  });
}
