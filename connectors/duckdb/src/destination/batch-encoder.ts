import type { Batch, Field, Json, JsonRecord } from '@aries-data/sdk';
import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { encoderOf } from './encoders.ts';

/** A column to write: its field, its type as DuckDB prints it, and if it takes NULL. */
export interface WrittenColumn {
  field: Field;
  type: string;
  nullable: boolean;
}

/** The values of a batch by column, or the first value that its column cannot hold. */
export type EncodedBatch =
  | { columns: (DuckDBValue | null)[][]; bytes: number }
  | { refused: { index: number; field: string; value: string; reason: string } };

export interface BatchEncoder {
  types: DuckDBType[];
  encode(batch: Batch): EncodedBatch;
}

/** Compiles a function that turns batches into columns of DuckDB values. Values that would be rounded, cut or replaced are refused. */
export function batchEncoder(columns: readonly WrittenColumn[]): BatchEncoder {
  const steps = columns.map(({ field, type, nullable }) => {
    const encoder = encoderOf(field, type);
    return { field, column: type, nullable, encoder, take: compileTake(field.name) };
  });

  return {
    types: steps.map(({ encoder }) => encoder.type),

    encode(batch) {
      const encoded: (DuckDBValue | null)[][] = [];
      let bytes = 0;
      for (const { field, column, nullable, encoder, take } of steps) {
        const values = take(batch);
        const out = new Array<DuckDBValue | null>(values.length);
        for (let index = 0; index < values.length; index++) {
          const value = values[index];
          if (value === null || value === undefined) {
            if (!nullable)
              return refused(index, field, null, `"${field.name}" is null, and the column does not allow NULL`);
            out[index] = null;
            continue;
          }
          const result = encoder.encode(value);
          if (result === undefined) return refused(index, field, value, reasonOf(value, column));
          out[index] = result;
          bytes += typeof value === 'string' ? 16 + value.length : 8;
        }
        encoded.push(out);
      }
      return { columns: encoded, bytes };
    },
  };
}

/** Compiles a function that reads one field from each record, so that each field has its own inline cache. */
function compileTake(name: string): (batch: Batch) => (Json | undefined)[] {
  // Names that every object inherits count only if the record has them itself.
  if (name in Object.prototype)
    return (batch) => batch.map((record) => (Object.hasOwn(record, name) ? record[name] : undefined));
  const code = `'use strict';
    const values = new Array(batch.length);
    for (let i = 0; i < batch.length; i++) values[i] = batch[i][${JSON.stringify(name)}];
    return values;`;
  return new Function('batch', code) as (batch: readonly JsonRecord[]) => (Json | undefined)[];
}

function refused(index: number, { name }: Field, value: Json, reason: string): EncodedBatch {
  return { refused: { index, field: name, value: typeof value === 'string' ? value : JSON.stringify(value), reason } };
}

function reasonOf(value: Json, column: string): string {
  if (typeof value === 'string' && !value.isWellFormed()) return 'half of a surrogate pair is not text';
  if (column === 'JSON') return 'DuckDB considers it malformed JSON';
  if (column.startsWith('ENUM(')) return 'it is not a value of the ENUM';
  return `${column} cannot hold it exactly`;
}
