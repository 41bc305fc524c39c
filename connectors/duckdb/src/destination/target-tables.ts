import type { Replacement, SqlTable, Swap } from '@aries-data/sql';
import { literal, quote } from '../names.ts';
import { type DescribedTable, describeTable } from './describe.ts';
import { duckdbDialect } from './dialect.ts';
import { commentWith, identityIn, newIdentity } from './identity.ts';
import type { SessionDatabase } from './session-database.ts';

/** Tables of Aries itself get no identity. */
const OWN = /^_aries_/;

/** Describes and replaces the tables of a schema. To be called in turn (`inTurn`). */
export interface TargetTables extends Swap {
  describe(name: string): Promise<SqlTable | undefined>;
}

export function targetTables(database: SessionDatabase, schema: string): TargetTables {
  /** Identities of tables that have none yet, by DuckDB's number. */
  const given = new Map<bigint, string>();
  const qualified = (name: string) => duckdbDialect.table(schema, name);
  const described = (name: string) => describeTable(database.connection, schema, name);

  async function identityOf({ name, oid, comment }: DescribedTable): Promise<string> {
    const held = identityIn(comment);
    if (held !== undefined || OWN.test(name)) return held ?? `oid ${oid}`;
    const identity = given.get(oid) ?? newIdentity();
    given.set(oid, identity);
    // A table that is described within the transaction is about to be loaded.
    if (database.inTransaction) await setComment(name, commentWith(comment, identity));
    return identity;
  }

  async function setComment(name: string, text: string): Promise<void> {
    await database.execute(`COMMENT ON TABLE ${qualified(name)} IS ${literal(text)}`);
  }

  return {
    async describe(name) {
      const table = await described(name);
      if (table === undefined) return undefined;
      const { columns, primaryKey } = table;
      return { name: table.name, identity: `aries ${await identityOf(table)}`, columns, primaryKey };
    },

    async obstacle({ name }) {
      const table = await described(name);
      return table === undefined ? undefined : obstacleOf(table);
    },

    async create({ name, replaced, columns }: Replacement) {
      const old = replaced === undefined ? undefined : await described(replaced.name);
      const pieces = columns.map(
        (column) => `${quote(column.name)} ${column.type}${column.nullable ? '' : ' NOT NULL'}`,
      );
      await database.execute(`CREATE TABLE ${qualified(name)} (${pieces.join(', ')})`);
      await setComment(name, commentWith(old?.comment ?? null, newIdentity()));
      for (const { column, comment } of old?.columnComments ?? []) {
        await database.execute(`COMMENT ON COLUMN ${qualified(name)}.${quote(column)} IS ${literal(comment)}`);
      }
    },

    // Nothing else is left to do, and readers keep the old table until the commit.
    async prepare() {
      await database.appenders.settle();
      return undefined;
    },

    async replace({ name, target, replaced }) {
      if (replaced !== undefined) await database.execute(`DROP TABLE ${qualified(replaced.name)}`);
      await database.execute(`ALTER TABLE ${qualified(name)} RENAME TO ${quote(target)}`);
    },
  };
}

/** Returns what a table has that a new one would lack. */
function obstacleOf(table: DescribedTable): string | undefined {
  if (table.indexes.length > 0) return `it has the index ${table.indexes[0]}`;
  if (table.constraints.length > 0) return `it has the constraint ${table.constraints[0]}`;
  const filled = table.columns.find((column) => column.hasDefault || column.generated);
  return filled === undefined ? undefined : `its column "${filled.name}" has a default or is computed`;
}
