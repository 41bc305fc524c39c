import { isUtf8 } from 'node:buffer';
import { csvDecoder } from '@aries-data/formats';
import {
  type Batch,
  checkpoint,
  fieldSchema,
  fieldsOf,
  type JsonRecord,
  type ReadContext,
  type ReadItem,
  type RecordSchema,
  rejected,
} from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import type { Relation } from './discovery.ts';
import { readEncoded } from './read-encoded.ts';
import { type Position, selectionOf } from './selection.ts';

const LF = 10;
const QUOTE = 34;

/**
 * Reads a relation of a database without an encoding (`SQL_ASCII`). Rows that are not valid UTF-8 are rejected, with the bytes
 * shown as PostgreSQL writes bytea.
 */
export async function* readChecked(
  relation: Relation,
  schema: RecordSchema,
  ctx: ReadContext<SourceConfig, Position>,
): AsyncGenerator<ReadItem<JsonRecord, Position>> {
  const names = selectionOf(relation, ctx).columns.map(({ name }) => name);
  const decode = csvDecoder(fieldsOf(narrowed(schema, names)));
  const decodeBytes = csvDecoder(
    names.map((name) => ({ name, kind: 'string', nullable: true, schema: fieldSchema('string') })),
  );
  let row = 0;
  for await (const { body, done } of readEncoded(relation, { ...ctx, format: 'csv', concurrency: 1 }, 'SQL_ASCII')) {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (isUtf8(chunk)) {
        for await (const batch of decode(only(chunk))) {
          row += batch.length;
          yield batch;
        }
        continue;
      }
      for (const bytes of rowsIn(chunk)) {
        row++;
        if (isUtf8(bytes)) {
          yield* decode(only(bytes));
          continue;
        }
        const text = Buffer.from(bytes.toString('latin1'));
        for await (const [record] of decodeBytes(only(text)) as AsyncIterable<Batch<Record<string, string | null>>>) {
          const [bad, shown] = withHex(record!);
          yield rejected({ reason: `${bad} is not valid UTF-8`, origin: `row ${row}`, record: shown });
        }
      }
    }
    const { position } = await done;
    if (position !== undefined) yield checkpoint(position);
  }
}

function narrowed(schema: RecordSchema, names: readonly string[]): RecordSchema {
  return { ...schema, properties: Object.fromEntries(names.map((name) => [name, schema.properties[name]!])) };
}

async function* only(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk;
}

/** Yields the rows of a chunk, which ends with a row. Quotes and line feeds are never part of another character here. */
function* rowsIn(chunk: Buffer): Generator<Buffer> {
  let start = 0;
  let quoted = false;
  for (let at = 0; at < chunk.length; at++) {
    if (chunk[at] === QUOTE) quoted = !quoted;
    else if (chunk[at] === LF && !quoted) {
      yield chunk.subarray(start, at + 1);
      start = at + 1;
    }
  }
}

/** Returns the names of fields that are not UTF-8, and the record with their bytes in hex; each character is one byte here. */
function withHex(record: Record<string, string | null>): [names: string, shown: JsonRecord] {
  const bad: string[] = [];
  const entries = Object.entries(record).map(([name, value]): [string, string | null] => {
    if (value === null) return [name, null];
    const bytes = Buffer.from(value, 'latin1');
    if (isUtf8(bytes)) return [name, bytes.toString()];
    bad.push(JSON.stringify(name));
    return [name, `\\x${bytes.toString('hex')}`];
  });
  return [bad.join(', '), Object.fromEntries(entries)];
}
