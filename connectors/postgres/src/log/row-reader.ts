import { cellReader, recordMaker } from '@aries-data/formats';
import { AriesError, type Field, type Json, type JsonRecord } from '@aries-data/sdk';
import type { TableColumn } from './log-table.ts';
import type { LogRelation } from './pgoutput.ts';
import type { Tuple } from './tuple.ts';

/** A new row as a record, without the fields that the server did not send. */
export interface ReadRow {
  record: JsonRecord;
  /** The fields that are left out, because their values did not change. */
  unsent: string[] | undefined;
}

/** Reads the rows of a table, in the form that the log had for it at one place, as records of the stream. */
export interface RowReader {
  inserted(row: Tuple): JsonRecord;
  updated(row: Tuple, old: Tuple | undefined): ReadRow;
  /** Returns the old key of an update if it differs from the new. */
  movedFrom(row: Tuple, old: Tuple | undefined): JsonRecord | undefined;
  /** Returns the key of a deleted row. */
  deleted(old: Tuple): JsonRecord;
}

interface Cell {
  name: string;
  /** Place in the tuple; -1 for a column that is newer than the row. */
  index: number;
  read: ((text: string) => unknown) | undefined;
  field: Field;
  /** The value in rows that are older than the column. */
  missing: string | null;
}

export interface RowReaderOptions {
  stream: string;
  relation: LogRelation;
  /** The fields to read, in the order of the schema, and the columns they come from. */
  fields: readonly Field[];
  columns: readonly TableColumn[];
  primaryKey: readonly string[];
}

/** Makes the reader. The columns must have been compared with those of the relation: see `comparedColumns`. */
export function rowReader({ stream, relation, fields, columns, primaryKey }: RowReaderOptions): RowReader {
  const places = new Map(relation.columns.map(({ name }, index) => [name, index]));
  const cellOf = (field: Field): Cell => ({
    name: field.name,
    index: places.get(field.name) ?? -1,
    read: cellReader(field.kind, field.schema),
    field,
    missing: columns.find(({ name }) => name === field.name)?.missing ?? null,
  });
  const cells = fields.map(cellOf);
  const keys = primaryKey.map((name) => cellOf(fields.find((field) => field.name === name)!));
  const makeRecord = recordMaker(cells.map(({ name }) => name));
  const makeKey = recordMaker(primaryKey);
  const values: Json[] = cells.map(() => null);
  const keyValues: Json[] = keys.map(() => null);

  function readText(cell: Cell, text: string): Json {
    if (cell.read === undefined) return text;
    const value = cell.read(text);
    if (value === undefined) throw unreadable(stream, cell, text);
    return value as Json;
  }

  function cellValue(cell: Cell, row: Tuple): Json {
    if (cell.index === -1) return cell.missing === null ? null : readText(cell, cell.missing);
    if (row.isNull(cell.index)) return null;
    return readText(cell, row.text(cell.index));
  }

  function keyOf(row: Tuple): JsonRecord {
    for (let at = 0; at < keys.length; at++) keyValues[at] = cellValue(keys[at]!, row);
    return makeKey(keyValues);
  }

  return {
    inserted(row) {
      for (let at = 0; at < cells.length; at++) values[at] = cellValue(cells[at]!, row);
      return makeRecord(values);
    },

    updated(row, old) {
      let unsent: string[] | undefined;
      for (let at = 0; at < cells.length; at++) {
        const cell = cells[at]!;
        if (cell.index !== -1 && !row.isUnchanged(cell.index)) {
          values[at] = cellValue(cell, row);
        } else if (cell.index !== -1 && old !== undefined && isSent(cell, old, keys)) {
          values[at] = cellValue(cell, old);
        } else {
          values[at] = null;
          unsent ??= [];
          unsent.push(cell.name);
        }
      }
      const record = makeRecord(values);
      for (const name of unsent ?? []) delete record[name];
      return { record, unsent };
    },

    movedFrom(row, old) {
      if (old === undefined) return undefined;
      const isSame = keys.every(({ index }) => {
        // What is stored apart (TOAST) and did not change is not sent again.
        if (row.isUnchanged(index)) return true;
        if (row.isNull(index) || old.isNull(index)) return row.isNull(index) === old.isNull(index);
        return row.text(index) === old.text(index);
      });
      return isSame ? undefined : keyOf(old);
    },

    deleted: keyOf,
  };
}

/** Tells whether an old row has a column. One that has only the key has nulls elsewhere. */
function isSent({ name, index }: Cell, old: Tuple, keys: readonly Cell[]): boolean {
  return !old.isUnchanged(index) && (!old.isNull(index) || keys.some((key) => key.name === name));
}

function unreadable(stream: string, { name, field }: Cell, text: string): AriesError {
  return new AriesError(
    'DATA_INVALID',
    `Postgres: the log has ${JSON.stringify(text.slice(0, 40))} for "${name}" of "${stream}", which is not of the type ${field.kind}`,
    { stream, hint: 'Report it: the log and the catalog disagree about the type of the column.' },
  );
}
