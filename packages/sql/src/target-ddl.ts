import { AriesError, isAriesError, type LoadTarget } from '@aries-data/sdk';
import { describeChange, type TargetComparison } from './compare-target.ts';
import type { SqlConnection } from './connection.ts';
import type { SqlDialect } from './dialect.ts';

interface TargetDdl {
  connection: SqlConnection;
  dialect: SqlDialect;
  schema: string;
}

/** Creates a target that is filled from a load table. */
export async function createTarget(
  { connection, dialect, schema }: TargetDdl,
  target: LoadTarget,
  { columns, key, marks }: TargetComparison,
): Promise<void> {
  const { deletedAt, validFrom, validTo } = marks;
  const all = [...columns, ...[deletedAt, validFrom, validTo].filter((mark) => mark !== undefined)];
  const pieces = all.map(({ name, type, nullable }) => `${dialect.quote(name)} ${type}${nullable ? '' : ' NOT NULL'}`);
  if (dialect.primaryKeys && key.length > 0) {
    const names = [...key, ...(validFrom === undefined ? [] : [validFrom])].map(({ name }) => dialect.quote(name));
    pieces.push(`PRIMARY KEY (${names.join(', ')})`);
  }
  await connection.run(`CREATE TABLE ${dialect.table(schema, target.target)} (${pieces.join(', ')})`);
}

/** Makes the changes to a target. */
export async function evolveTarget(
  { connection, dialect, schema }: TargetDdl,
  { target, stream }: LoadTarget,
  { changes }: TargetComparison,
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

/** Throws `SCHEMA_FROZEN` if the target would have to change and must not. */
export function refuseFrozen(target: LoadTarget, { table, changes }: TargetComparison): void {
  if (target.schemaChange !== 'freeze' || table === undefined || changes.length === 0) return;
  throw new AriesError(
    'SCHEMA_FROZEN',
    `${target.target}: the table would have to change: ${changes.map(describeChange).join('; ')}`,
    { stream: target.stream, hint: 'Change it by hand, or accept what is new: load once with --schema-change evolve.' },
  );
}
