import { AriesError, type Partition, type Partitioning, type ReadContext } from '@aries-data/sdk';
import pg from 'pg';
import type { SourceConfig } from '../config.ts';
import { connect, query, type Session } from '../connect/connect.ts';
import { boundaryOf } from './boundary.ts';
import type { Relation } from './discovery.ts';
import { boundsOf, rangeOf } from './pieces.ts';
import { type Selection, selectionOf } from './selection.ts';
import { beginSnapshot } from './snapshot.ts';

/** The size that is worth a separate task: a few seconds of reading. */
const PARTITION_BYTES = 256 * 1024 * 1024;

/**
 * Splits a relation for separate tasks, each with its own snapshot: into ranges of its unique key, or into the tables of a
 * partitioned table whose primary key contains the partition key. Other relations stay whole, because the place of a row
 * may change between tasks.
 */
export async function partitionsOf(
  relation: Relation,
  ctx: ReadContext<SourceConfig> & { wanted?: number | undefined },
): Promise<Partitioning> {
  if (relation.inCatalog !== true) return { partitions: [] };
  const session = await connect(ctx.config, { signal: ctx.signal });
  try {
    const selection = selectionOf(relation, ctx);
    await beginSnapshot(session, { relation, from: relation.from, columns: selection.columns, log: ctx.log });
    const { maxCursor } = (
      await boundaryOf(session, selection, { timezone: ctx.config.timezone, cursorEnd: undefined })
    ).result;
    const ranges = await rangesOf(session, relation, selection, ctx.wanted);
    return { partitions: ranges.length > 1 ? ranges : await childrenOf(session, relation), maxCursor };
  } finally {
    await session.end();
  }
}

async function rangesOf(
  session: Session,
  { rangeKey: key, from }: Relation,
  selection: Selection,
  wanted: number | undefined,
): Promise<Partition[]> {
  if (key === undefined) return [];
  const bounds = await boundsOf(session, { key, from, selection, pieceBytes: PARTITION_BYTES, wanted });
  return [...bounds, undefined].map((last, index): Partition => {
    const after = bounds[index - 1];
    return {
      id: String(index),
      key: key.name,
      ...(after === undefined ? {} : { after }),
      ...(last === undefined ? {} : { last }),
    };
  });
}

/** Lists the leaf tables of a partitioned table; none if the role may not read all of them, or policies choose rows. */
const CHILDREN = `
SELECT n.nspname AS schema, c.relname AS name,
       c.relkind = 'r' AND NOT c.relrowsecurity AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable
  FROM pg_catalog.pg_partition_tree($1::regclass) t
  JOIN pg_catalog.pg_class c ON c.oid = t.relid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.isleaf AND t.level > 0
 ORDER BY 1, 2`;

async function childrenOf(session: Session, { from, primaryKey }: Relation): Promise<Partition[]> {
  if (primaryKey.length === 0) return [];
  const { rows } = await query<{ schema: string; name: string; readable: boolean }>(session, CHILDREN, [from]);
  if (rows.some(({ readable }) => !readable)) return [];
  return rows.map(({ schema, name }, index) => ({ id: String(index), schema, table: name }));
}

const IS_CHILD = `
SELECT FROM pg_catalog.pg_partition_tree($1::regclass) t
  JOIN pg_catalog.pg_class c ON c.oid = t.relid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE t.isleaf AND t.level > 0 AND n.nspname = $2 AND c.relname = $3`;

/** Throws `DATASET_CORRUPT` if a plan, which is untrusted, names a table that is not a child of the stream's. */
export async function refuseOtherTable(session: Session, relation: Relation, partition: Partition): Promise<void> {
  const { name, from, inCatalog } = relation;
  const { schema, table } = partition;
  if (typeof table !== 'string' || typeof schema !== 'string') return;
  if (inCatalog === true && (await query(session, IS_CHILD, [from, schema, table])).rowCount === 1) return;
  throw new AriesError(
    'DATASET_CORRUPT',
    `Postgres: the plan names "${schema}"."${table}", which is not a partition of "${name}"`,
    {
      stream: name,
      hint: 'It may have been dropped, or the plan was changed. Plan and extract the run again with --force.',
    },
  );
}

/** Throws `DATASET_CORRUPT` if the ranges of a plan leave a gap or overlap, or a table appears twice. */
export function checkPartitions({ name, rangeKey }: Relation, partitions: readonly Partition[]): void {
  const tables = new Set(partitions.map(({ schema, table }) => JSON.stringify([schema, table])));
  const isChildren = partitions.every(({ schema, table }) => typeof schema === 'string' && typeof table === 'string');
  if (isChildren && tables.size === partitions.length) return;
  const isRange = (range: Partition, index: number) =>
    range.schema === undefined &&
    range.table === undefined &&
    range.key === partitions[0]!.key &&
    range.after === (index === 0 ? undefined : partitions[index - 1]!.last) &&
    (index === partitions.length - 1 ? range.last === undefined : typeof range.last === 'string');
  if (rangeKey !== undefined && partitions.every(isRange)) return;
  throw new AriesError('DATASET_CORRUPT', `Postgres: the partitions in the plan do not add up to "${name}"`, {
    stream: name,
    hint: 'The plan was changed, or the table has another key. Plan and extract the run again with --force.',
  });
}

/** Restricts a selection to a partition. Throws `DATA_INVALID` if the relation's key differs from the plan's. */
export function withinPartition(
  selection: Selection,
  { rangeKey, name }: Relation,
  { key, after, last, schema, table }: Partition,
): Selection {
  if (typeof table === 'string' && typeof schema === 'string') {
    return { ...selection, from: `ONLY ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}` };
  }
  if (rangeKey === undefined || rangeKey.name !== key) {
    throw new AriesError(
      'DATA_INVALID',
      `Postgres: "${name}" has a different key than when its partitions were planned`,
      {
        stream: name,
        hint: 'Plan and extract the run again with --force.',
      },
    );
  }
  return { ...selection, filters: [...selection.filters, ...rangeOf(rangeKey, after, last)] };
}
