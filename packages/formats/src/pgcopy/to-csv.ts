import type { Field } from '@aries-data/sdk';
import { csvEncoder } from '../csv/csv.ts';
import { pgcopyDecoder } from './pgcopy.ts';

/**
 * Makes what turns the bytes of a pgcopy part into the csv that PostgreSQL would have written of the same rows. Floats are read as
 * their text, so NaN and infinities pass, of which JSON has none.
 */
export function pgcopyToCsv(fields: readonly Field[]): (body: AsyncIterable<Uint8Array>) => AsyncIterable<Buffer> {
  const exact = fields.map((field): Field => (field.kind === 'number' ? { ...field, kind: 'decimal' } : field));
  const decode = pgcopyDecoder(exact);
  const encode = csvEncoder(exact);
  return async function* rewrite(body) {
    for await (const batch of decode(body)) yield encode(batch);
  };
}
