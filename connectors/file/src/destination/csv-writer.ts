import { type Batch, type Field, type Json, type JsonRecord, originOf, type Rejection } from '@aries-data/sdk';
import { type Options, stringify } from 'csv-stringify/sync';
import type { DestinationConfig } from '../config.ts';
import type { RecordWriter } from './record-writer.ts';

/**
 * Values that must be quoted: empty text, to tell it from null; `\.`, which would end a file for PostgreSQL; and a leading byte
 * order mark, which would be taken for the file's own.
 */
const QUOTED = /^(?:\\\.)?$|^\ufeff/;

/** Writes records as RFC 4180 csv with line feeds as line ends. Null is written as `nullValue`, and the same text is quoted. */
export function csvWriter(
  fields: readonly Field[],
  { delimiter, quote, nullValue, header }: DestinationConfig,
  reject: (rejection: Rejection) => void,
): RecordWriter {
  const names = fields.map(({ name }) => name);
  const options: Options = {
    delimiter,
    quote,
    escape: quote,
    quoted_match: [QUOTED],
    quote_record_delimiter: true,
    cast: {
      string: (text) => (text === nullValue && text !== '' ? { value: text, quoted: true } : text),
      null: () => nullValue,
    },
  };
  const encode = (records: Batch) =>
    stringify(
      records.map((record) => cellsOf(record, names)),
      options,
    );

  return {
    header: () => (header ? Buffer.from(stringify([names], options)) : undefined),

    encode(batch) {
      const text = encode(batch);
      if (text.isWellFormed()) return { bytes: Buffer.from(text), count: batch.length };
      const records = withoutHalfPairs(batch, names, reject);
      return { bytes: Buffer.from(encode(records)), count: records.length };
    },
  };
}

function cellsOf(record: JsonRecord, names: readonly string[]): (string | null)[] {
  // Inherited properties such as `constructor` do not count.
  return names.map((name) => (Object.hasOwn(record, name) ? cellOf(record[name]) : null));
}

function cellOf(value: Json | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'object') return JSON.stringify(value);
  return Object.is(value, -0) ? '-0' : String(value);
}

function withoutHalfPairs(
  batch: Batch,
  names: readonly string[],
  reject: (rejection: Rejection) => void,
): JsonRecord[] {
  return batch.filter((record, index) => {
    const name = names.find((name) => cellsOf(record, [name])[0]?.isWellFormed() === false);
    if (name === undefined) return true;
    const reason = `${JSON.stringify(name)} contains half of a surrogate pair, which UTF-8 cannot encode`;
    reject({ reason, origin: originOf(batch, index) ?? 'unknown', record });
    return false;
  });
}
