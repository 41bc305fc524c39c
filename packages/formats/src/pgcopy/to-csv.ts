import type { Field } from '@aries-data/sdk';
import { csvEncoder } from '../csv/csv.ts';
import { pgcopyDecoder } from './pgcopy.ts';

/**
 * Makes a function that converts a pgcopy part to the csv that PostgreSQL would have written for the same rows. Floats are read as text, so
 * that NaN and the infinities pass, which JSON lacks.
 */
export function pgcopyToCsv(fields: readonly Field[]): (body: AsyncIterable<Uint8Array>) => AsyncIterable<Buffer> {
  const exact = fields.map((field): Field => (field.kind === 'number' ? { ...field, kind: 'decimal' } : field));
  const decode = pgcopyDecoder(exact);
  const encode = csvEncoder(exact);
  return async function* rewrite(body) {
    for await (const batch of decode(body)) yield encode(batch);
  };
}
