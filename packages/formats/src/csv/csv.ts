import { AriesError, type Batch, type Field, type JsonRecord } from '@aries-data/sdk';
import {
  BATCH_BYTES,
  BATCH_ROWS,
  type BatchLimits,
  batchesOf,
  LONGEST_ROW_BYTES,
  lineBlocks,
  partText,
  refuseLonger,
} from '../blocks.ts';
import { freshBytes, type ToBytes } from '../bytes.ts';
import { compile, fieldOf } from '../compile.ts';
import { binaryCell, CELL_WRITERS, jsonCell, numberCell, textCell } from './cell.ts';
import { compileCsvParser, corruptRow } from './csv-parser.ts';

/** Dialect of staged csv: UTF-8, LF, no header, comma, RFC 4180 quotes. Null is an empty cell, the empty string is `""`. */
export const CSV_DIALECT = 'aries-csv-1';

/** Number of characters to encode at a time, far below the longest string. */
const FLUSH_CHARACTERS = 8 * 1024 * 1024;

/**
 * Makes the encoder of records with these fields as `aries-csv-1`. Records must be as `normaliser` returns them.
 *
 * @example
 * String(csvEncoder(fieldsOf(schema))([{ id: '1', title: 'a, b' }])); // '1,"a, b",\n'
 */
export function csvEncoder(fields: readonly Field[], toBytes: ToBytes = freshBytes): (batch: Batch) => Buffer {
  const cells = fields.map((field, index) => `v = ${fieldOf(field.name)};\n${writerOf(field, index)}`);
  const wrongType = (value: unknown, index: number): never => {
    throw new AriesError(
      'BUG',
      `"${fields[index]!.name}" should be written as ${fields[index]!.kind}, but is ${typeof value}`,
    );
  };
  const bytesOf = (text: string): Buffer => {
    if (text.isWellFormed()) return toBytes(text);
    throw new AriesError('DATA_INVALID', 'a string contains half of a surrogate pair, which UTF-8 cannot encode', {
      hint: 'Stage as ndjson, or repair the string in a transform.',
    });
  };
  return compile(
    { textCell, numberCell, binaryCell, jsonCell, wrongType, bytesOf, FLUSH_CHARACTERS },
    `return function encode(batch) {
      const done = [];
      let out = '', v;
      for (let i = 0; i < batch.length; i++) {
        const r = batch[i];
        ${cells.join(`\nout += ',';\n`)}
        out += '\\n';
        if (out.length > FLUSH_CHARACTERS) { done.push(Buffer.from(bytesOf(out))); out = ''; }
      }
      if (done.length === 0) return bytesOf(out);
      done.push(bytesOf(out));
      return Buffer.concat(done);
    }`,
  );
}

function writerOf(field: Field, index: number): string {
  if (field.kind === 'any') return `if (v !== undefined && v !== null) out += jsonCell(v);`;
  const { type, expression } = CELL_WRITERS[field.kind] ?? { type: 'string', expression: 'textCell(v)' };
  const present = type === 'object' ? `v !== null && typeof v === 'object'` : `typeof v === '${type}'`;
  return `if (${present}) out += ${expression}; else if (v !== undefined && v !== null) wrongType(v, ${index});`;
}

/**
 * Makes the decoder of parts that `csvEncoder` or PostgreSQL's COPY wrote. Throws `DATASET_CORRUPT` naming the row if the bytes are not
 * `aries-csv-1` with these fields.
 *
 * @example
 * for await (const batch of csvDecoder(fieldsOf(schema))(createReadStream('part.csv'))) console.log(batch.length);
 */
export function csvDecoder(
  fields: readonly Field[],
  limits: BatchLimits = {},
): (body: AsyncIterable<Uint8Array>) => AsyncIterable<Batch> {
  const { batchRows = BATCH_ROWS, batchBytes = BATCH_BYTES, rowBytes = LONGEST_ROW_BYTES } = limits;
  const parse = compileCsvParser(fields);
  return async function* decode(body) {
    let rowsBefore = 0;
    let rest = '';
    let added = '';
    const readRows = () => {
      const text = rest + added;
      const rows: JsonRecord[] = [];
      rest = text.slice(parse(text, rows, rowsBefore));
      added = '';
      rowsBefore += rows.length;
      return batchesOf(rows, batchRows);
    };
    for await (const block of lineBlocks(body, batchBytes, rowBytes)) {
      added += partText(block);
      // A character takes at least one byte.
      refuseLonger(rest.length, rowBytes);
      // A row longer than a block is read again from its start. Waiting until its text has doubled keeps that linear.
      if (added.length >= rest.length) yield* readRows();
    }
    if (added !== '') yield* readRows();
    if (rest !== '') throw corruptRow(rowsBefore + 1, 'the part ends in the middle of it');
  };
}
