import { AriesError, type Field, type LoadTarget, type StagedFormat } from '@aries-data/sdk';
import type { SqlConnection } from './connection.ts';
import type { ColumnMatch, SqlDialect } from './dialect.ts';
import type { ColumnChange, SqlColumn, SqlTable } from './tables.ts';

/** A field of the dataset and the column that it goes into. */
export interface FieldColumn {
  field: Field;
  /** The column's name in the target. */
  name: string;
  /** The column's type once the changes are made. */
  type: string;
  /** The type of the load table's column. It differs where a cast is needed. */
  loadType: string;
  nullable: boolean;
}

/** The column that orders the rows. */
export type CursorColumn = Pick<FieldColumn, 'name' | 'type' | 'loadType'>;

/** A target compared with the dataset: what it is, and what must change before it can take the rows. */
export interface TargetComparison {
  /** Undefined if it does not exist. */
  table: SqlTable | undefined;
  columns: FieldColumn[];
  key: FieldColumn[];
  cursor: CursorColumn | undefined;
  changes: ColumnChange[];
}

/** Compares a target with the dataset's fields. Throws `SCHEMA_CONFLICT`, naming both sides, if no change would do. */
export async function compareTarget(
  connection: Pick<SqlConnection, 'table' | 'columnTypes'>,
  dialect: SqlDialect,
  target: LoadTarget,
): Promise<TargetComparison> {
  checkNames(dialect, target);
  checkCursor(dialect, target);
  const table = await connection.table(target.target);
  if (target.fields.length === 0) return compareWithoutFields(dialect, table, target);
  const types = await connection.columnTypes(target.fields);
  const changes: ColumnChange[] = [];
  const columns = target.fields.map((field, index) => {
    const isKey = target.primaryKey.includes(field.name);
    const made = {
      field,
      name: field.name,
      type: types[index]!,
      loadType: types[index]!,
      nullable: field.nullable && !isKey,
    };
    if (table === undefined) return made;
    const column = columnOf(dialect, table, field.name);
    if (column !== undefined) {
      const neverHeld = target.neverHeld?.includes(field.name) === true;
      return existingColumn({ dialect, table, column, field, type: types[index]!, isKey, neverHeld, changes });
    }
    changes.push({ kind: 'add', column: field.name, type: types[index]! });
    return { ...made, nullable: !isKey };
  });
  if (table !== undefined) relaxAbsentColumns(dialect, table, target, changes);
  const named = (name: string) => columns.find((column) => column.field.name === name);
  return {
    table,
    columns,
    key: target.primaryKey.map((name) => named(name) ?? missingKey(target, name)),
    cursor: target.cursor === undefined ? undefined : named(target.cursor),
    changes,
  };
}

/** Without records the fields are unknown: the table keeps its columns, and only rows that are replaced go. */
function compareWithoutFields(
  dialect: SqlDialect,
  table: SqlTable | undefined,
  { cursor }: LoadTarget,
): TargetComparison {
  const column = table === undefined || cursor === undefined ? undefined : columnOf(dialect, table, cursor);
  return { table, columns: [], key: [], cursor: column && { ...column, loadType: column.type }, changes: [] };
}

/** True if parts of a format can be copied untouched, whichever table they are copied into. */
export function takesParts(dialect: SqlDialect, { columns }: TargetComparison, format: StagedFormat): boolean {
  return columns.every(({ field, loadType, nullable }) => dialect.takes(format, { field, type: loadType, nullable }));
}

/** Describes a change for people. */
export function describeChange(change: ColumnChange): string {
  switch (change.kind) {
    case 'add':
      return `add column "${change.column}" ${change.type}`;
    case 'widen':
      return `widen column "${change.column}" from ${change.from} to ${change.type}`;
    case 'drop-not-null':
      return `drop NOT NULL of column "${change.column}"`;
  }
}

function existingColumn(options: {
  dialect: SqlDialect;
  table: SqlTable;
  column: SqlColumn;
  field: Field;
  type: string;
  isKey: boolean;
  neverHeld: boolean;
  changes: ColumnChange[];
}): FieldColumn {
  const { dialect, table, column, field, type, isKey, neverHeld, changes } = options;
  const { name } = column;
  if (column.generated) throw conflict(table, `column "${name}" is generated there, the dataset brings values for it`);
  let nullable = column.nullable && !isKey;
  if (!column.nullable && field.nullable && !isKey && !table.primaryKey.includes(name)) {
    changes.push({ kind: 'drop-not-null', column: name });
    nullable = true;
  }
  // Nulls go into any column.
  const match: ColumnMatch =
    field.schema.type === 'null' ? { fits: true } : dialect.matchColumn(column, { field, type, neverHeld });
  if (match.fits) return { field, name, type: column.type, loadType: match.through ?? column.type, nullable };
  if ('conflict' in match) throw conflict(table, `column "${name}" ${match.conflict}`);
  changes.push({ kind: 'widen', column: name, from: column.type, type: match.widen });
  return { field, name, type: match.widen, loadType: match.through ?? match.widen, nullable };
}

/** Lets columns of the target that the dataset lacks stay empty. */
function relaxAbsentColumns(dialect: SqlDialect, table: SqlTable, target: LoadTarget, changes: ColumnChange[]): void {
  const present = new Set(target.fields.map(({ name }) => dialect.nameKey(name, 'column')));
  for (const column of table.columns) {
    if (present.has(dialect.nameKey(column.name, 'column'))) continue;
    if (column.nullable || column.hasDefault || column.generated) continue;
    if (table.primaryKey.includes(column.name)) {
      throw conflict(table, `column "${column.name}" belongs to its primary key, and the dataset does not have it`);
    }
    changes.push({ kind: 'drop-not-null', column: column.name });
  }
}

/** Finds the column that a field of this name goes into. */
export function columnOf(dialect: SqlDialect, table: SqlTable, name: string): SqlColumn | undefined {
  const key = dialect.nameKey(name, 'column');
  return (
    table.columns.find((column) => column.name === name) ??
    table.columns.find((column) => dialect.nameKey(column.name, 'column') === key)
  );
}

function checkNames(dialect: SqlDialect, { target, fields }: LoadTarget): void {
  const refuse = (what: string) =>
    new AriesError('SCHEMA_CONFLICT', `${dialect.name} cannot take ${what}`, {
      stream: target,
      hint: 'Give it another name: the stream with "as", a field with the transform select (rename).',
    });
  if (dialect.nameKey(target, 'table') === undefined) throw refuse(`"${target}" as the name of a table`);
  const taken = new Map<string, string>();
  for (const { name } of fields) {
    const key = dialect.nameKey(name, 'column');
    if (key === undefined || name.startsWith('_aries_')) throw refuse(`"${name}" as the name of a column`);
    const other = taken.get(key);
    if (other !== undefined)
      throw refuse(`"${other}" and "${name}" as columns of one table: to it they are the same name`);
    taken.set(key, name);
  }
}

/** Refuses a cursor whose values the database cannot compare, where the disposition compares them. */
function checkCursor(dialect: SqlDialect, { stream, fields, cursor, disposition }: LoadTarget): void {
  if (cursor === undefined || disposition === 'append' || disposition === 'replace') return;
  const field = fields.find(({ name }) => name === cursor);
  const obstacle = field === undefined ? undefined : dialect.cursorObstacle(field);
  if (obstacle === undefined) return;
  throw new AriesError('SCHEMA_CONFLICT', `${dialect.name}: the cursor "${cursor}" ${obstacle}`, {
    stream,
    hint: 'Cast it with the transform select to int64 or date-time, or take another cursor.',
  });
}

function conflict(table: SqlTable, what: string): AriesError {
  return new AriesError('SCHEMA_CONFLICT', `The table "${table.name}" cannot take the dataset: ${what}`, {
    hint: 'Change the table by hand, leave the field out or change it with the transform select, or load into another table.',
  });
}

function missingKey(target: LoadTarget, name: string): never {
  throw new AriesError('SCHEMA_CONFLICT', `"${name}" of the primary key of ${target.stream} is not among its fields`, {
    stream: target.stream,
  });
}
