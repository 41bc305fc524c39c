import { AriesError, isAriesError, type LoadTarget } from '@aries-data/sdk';
import type { SqlConnection, SqlDialect } from './dialect.ts';
import { describeChange, type TargetPlan } from './plan.ts';

interface TargetDdl {
  connection: SqlConnection;
  dialect: SqlDialect;
  schema: string;
}

/** A target that is new and is filled from a load table (merge, replace-interval). */
export async function createTarget(
  { connection, dialect, schema }: TargetDdl,
  target: LoadTarget,
  plan: TargetPlan,
): Promise<void> {
  const pieces = plan.columns.map(
    ({ name, type, nullable }) => `${dialect.quote(name)} ${type}${nullable ? '' : ' NOT NULL'}`,
  );
  if (dialect.primaryKeys && plan.key.length > 0) {
    pieces.push(`PRIMARY KEY (${plan.key.map(({ name }) => dialect.quote(name)).join(', ')})`);
  }
  await connection.run(`CREATE TABLE ${dialect.table(schema, target.target)} (${pieces.join(', ')})`);
}

/** Makes the changes that the plan names. */
export async function evolveTarget(
  { connection, dialect, schema }: TargetDdl,
  { target, stream }: LoadTarget,
  { changes }: TargetPlan,
): Promise<void> {
  try {
    for (const sql of dialect.alter(dialect.table(schema, target), changes)) await connection.run(sql);
  } catch (error) {
    if (!isAriesError(error) || error.kind === 'transient' || error.kind === 'auth') throw error;
    throw new AriesError(
      'SCHEMA_CONFLICT',
      `${target}: cannot ${changes.map(describeChange).join('; ')}: ${error.message}`,
      {
        stream,
        cause: error,
        hint: 'Drop what depends on the column (a view, an index), load, and make it again; or leave the field out with the transform select.',
      },
    );
  }
}

/** Throws `SCHEMA_FROZEN` where the target would have to change and must not. */
export function refuseFrozen(target: LoadTarget, { table, changes }: TargetPlan): void {
  if (target.schemaChange !== 'freeze' || table === undefined || changes.length === 0) return;
  throw new AriesError(
    'SCHEMA_FROZEN',
    `${target.target}: the table would have to change: ${changes.map(describeChange).join('; ')}`,
    { stream: target.stream, hint: 'Change it by hand, or accept what is new: load once with --schema-change evolve.' },
  );
}
