import { AriesError, type Field, type JsonRecord } from '@aries-data/sdk';
import { compile, memberOf } from '../compile.ts';
import type { Block } from './block.ts';
import { pgcopyTypeOf } from './types.ts';

/** State after a run of the parser. */
export interface Progress {
  /** True if the trailer was read, so no row follows. */
  ended: boolean;
  /** Number of bytes needed before the incomplete row can be parsed again. */
  needed: number;
}

/** Reads complete rows of a block from `at` into `rows`. Returns the offset of the first incomplete row, or the end of the trailer. */
export type PgcopyParser = (
  block: Block,
  at: number,
  rows: JsonRecord[],
  progress: Progress,
  rowsBefore: number,
) => number;

/** The largest value in PostgreSQL (MaxAllocSize). */
const LARGEST_VALUE = 2 ** 30;

/** Compiles the parser for rows with these fields. pgcopy must support all their types. */
export function compilePgcopyParser(fields: readonly Field[]): PgcopyParser {
  const parameters: Record<string, unknown> = { fields, wrongCount, wrongLength, unreadable };
  const cells = fields.map((field, index) => {
    const { readValue, size } = pgcopyTypeOf(field)!;
    parameters[`read${index}`] = readValue;
    return cellParser(index, size);
  });
  return compile(
    parameters,
    `return function parse(block, start, rows, progress, rowsBefore) {
      const { bytes, view } = block;
      const end = bytes.length;
      let at = start, count = 0, length = 0;
      for (;;) {
        start = at;
        if (at + 2 > end) { progress.needed = at + 2; return start; }
        count = view.getInt16(at);
        at += 2;
        if (count === -1) { progress.ended = true; return at; }
        if (count !== ${fields.length}) wrongCount(count, fields, rowsBefore + rows.length + 1);
        ${cells.join('\n')}
        rows.push({ ${fields.map((field, index) => memberOf(field.name, `v${index}`)).join(', ')} });
      }
    }`,
  );
}

function cellParser(index: number, size: number | undefined): string {
  const row = 'rowsBefore + rows.length + 1';
  const wrong = size === undefined ? `length < 0 || length > ${LARGEST_VALUE}` : `length !== ${size}`;
  return `
    if (at + 4 > end) { progress.needed = at + 4; return start; }
    length = view.getInt32(at);
    at += 4;
    let v${index} = null;
    if (length !== -1) {
      if (${wrong}) wrongLength(length, fields[${index}], ${row});
      if (at + length > end) { progress.needed = at + length; return start; }
      v${index} = read${index}(block, at, at + length);
      if (v${index} === undefined) unreadable(fields[${index}], ${row});
      at += length;
    }`;
}

function wrongCount(count: number, fields: Field[], row: number): never {
  throw corruptPgcopy(`row ${row} has ${count} columns, the schema has ${fields.length}`);
}

function wrongLength(length: number, { name, schema }: Field, row: number): never {
  throw corruptPgcopy(`row ${row}: "${name}" has ${length} bytes, which ${schema.pgType} never has`);
}

function unreadable({ name, schema }: Field, row: number): never {
  throw corruptPgcopy(`row ${row}: the bytes of "${name}" are not a valid ${schema.pgType}`);
}

/** Makes the error for bytes that are not COPY's binary format of these fields. */
export function corruptPgcopy(what: string): AriesError {
  return new AriesError('DATASET_CORRUPT', `a pgcopy part cannot be read: ${what}`, {
    hint: 'Extract the dataset again with --force.',
  });
}
