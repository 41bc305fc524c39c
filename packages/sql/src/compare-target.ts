import { AriesError, type Field, fieldSchema, type LoadTarget, type StagedFormat } from '@aries-data/sdk';
import { CHANGE_FIELDS, CHANGE_NAMES } from '@aries-data/sdk/internal';
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
  /** Columns of the load table that the target does not have: those of a change. */
  staged: FieldColumn[];
  /** Columns of the target that the dataset does not have: Aries sets them. */
  marks: Marks;
  changes: ColumnChange[];
}

/** Columns that Aries sets itself. */
export interface Marks {
  deletedAt?: FieldColumn | undefined;
  validFrom?: FieldColumn | undefined;
  validTo?: FieldColumn | undefined;
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
  const marks = await marksOf(connection, dialect, { table, target, changes });
  const set = Object.values(marks).flatMap((mark: FieldColumn | undefined) => mark?.name ?? []);
  if (table !== undefined) relaxAbsentColumns(dialect, table, { target, set }, changes);
  const named = (name: string) => columns.find((column) => column.field.name === name);
  return {
    table,
    columns,
    key: target.primaryKey.map((name) => named(name) ?? missingKey(target, name)),
    cursor: target.cursor === undefined ? undefined : named(target.cursor),
    staged: target.changes === true ? await newColumns(connection, CHANGE_FIELDS) : [],
    marks,
    changes,
  };
}

/** Returns the columns of a load table: every field may be missing from a change. */
export function loadColumns({ columns, staged }: Pick<TargetComparison, 'columns' | 'staged'>): FieldColumn[] {
  if (staged.length === 0) return columns;
  return [...columns.map((column) => ({ ...column, nullable: true })), ...staged];
}

/** Returns the columns that would be created for fields. */
async function newColumns(
  connection: Pick<SqlConnection, 'columnTypes'>,
  fields: readonly Field[],
): Promise<FieldColumn[]> {
  const types = await connection.columnTypes(fields);
  return fields.map((field, index) => {
    const type = types[index]!;
    return { field, name: field.name, type, loadType: type, nullable: field.nullable };
  });
}

const MARKS = { deletedAt: '_deleted_at', validFrom: '_valid_from', validTo: '_valid_to' } as const;

/** Returns the columns that Aries sets in the target, and adds the changes that make them. */
async function marksOf(
  connection: Pick<SqlConnection, 'columnTypes'>,
  dialect: SqlDialect,
  { table, target, changes }: { table: SqlTable | undefined; target: LoadTarget; changes: ColumnChange[] },
): Promise<Marks> {
  const { disposition, deletes, fields } = target;
  const has = (name: string) => table !== undefined && columnOf(dialect, table, name) !== undefined;
  const isHistory = disposition === 'history';
  const isMarked = disposition === 'merge' && (deletes === 'soft' || has(MARKS.deletedAt));
  const wanted = isHistory ? (['validFrom', 'validTo'] as const) : isMarked ? (['deletedAt'] as const) : [];
  const marks: Marks = {};
  for (const mark of wanted) {
    const name = MARKS[mark];
    if (fields.some((field) => dialect.nameKey(field.name, 'column') === dialect.nameKey(name, 'column'))) {
      // A dataset may bring its own column of that name, as long as Aries need not set it.
      if (!isHistory && deletes !== 'soft') continue;
      throw refusedName(
        dialect,
        target.target,
        `"${name}" as a field: ${isHistory ? 'history' : 'deletes: soft'} sets it`,
      );
    }
    const [made] = await newColumns(connection, [markField(name, mark === 'validFrom')]);
    const column = table === undefined ? undefined : columnOf(dialect, table, name);
    if (table !== undefined && column === undefined) changes.push({ kind: 'add', column: name, type: made!.type });
    marks[mark] =
      column === undefined ? made! : { ...made!, name: column.name, type: column.type, loadType: column.type };
  }
  if (isHistory && table !== undefined && table.primaryKey.length > 0 && !table.primaryKey.includes(MARKS.validFrom)) {
    throw conflict(table, `its primary key (${table.primaryKey.join(', ')}) allows one version of each record`);
  }
  return marks;
}

function markField(name: string, isRequired: boolean): Field {
  const schema = fieldSchema('date-time', { nullable: !isRequired });
  return { name, kind: 'date-time', nullable: !isRequired, schema };
}

/** Without records the fields are unknown: the table keeps its columns, and only rows that are replaced go. */
function compareWithoutFields(
  dialect: SqlDialect,
  table: SqlTable | undefined,
  { cursor }: LoadTarget,
): TargetComparison {
  const column = table === undefined || cursor === undefined ? undefined : columnOf(dialect, table, cursor);
  const known = column && { ...column, loadType: column.type };
  return { table, columns: [], key: [], cursor: known, staged: [], marks: {}, changes: [] };
}

/** True if parts of a format can be copied untouched, whichever table they are copied into. */
export function takesParts(dialect: SqlDialect, comparison: TargetComparison, format: StagedFormat): boolean {
  return loadColumns(comparison).every(({ field, loadType, nullable }) =>
    dialect.takes(format, { field, type: loadType, nullable }),
  );
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
function relaxAbsentColumns(
  dialect: SqlDialect,
  table: SqlTable,
  { target, set }: { target: LoadTarget; set: readonly string[] },
  changes: ColumnChange[],
): void {
  const present = new Set(
    [...target.fields.map(({ name }) => name), ...set].map((name) => dialect.nameKey(name, 'column')),
  );
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

/** Names of the fields of changes, which are columns of a change log and of nothing else. */
const OF_CHANGES: ReadonlySet<string> = new Set(Object.values(CHANGE_NAMES));
/** Names of the fields that sources add on request: where a record came from. */
const OF_ORIGINS: ReadonlySet<string> = new Set(['_aries_run', '_aries_loaded_at', '_aries_file', '_aries_line']);

function refusedName(dialect: SqlDialect, target: string, what: string): AriesError {
  return new AriesError('SCHEMA_CONFLICT', `${dialect.name} cannot take ${what}`, {
    stream: target,
    hint: 'Give it another name: the stream with "as", a field with the transform select (rename).',
  });
}

function checkNames(dialect: SqlDialect, { target, fields, changes }: LoadTarget): void {
  const refuse = (what: string) => refusedName(dialect, target, what);
  if (dialect.nameKey(target, 'table') === undefined) throw refuse(`"${target}" as the name of a table`);
  const taken = new Map<string, string>();
  for (const { name } of fields) {
    const key = dialect.nameKey(name, 'column');
    const isOurs = OF_ORIGINS.has(name) || (changes !== true && OF_CHANGES.has(name));
    if (key === undefined || (name.startsWith('_aries_') && !isOurs)) throw refuse(`"${name}" as the name of a column`);
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
