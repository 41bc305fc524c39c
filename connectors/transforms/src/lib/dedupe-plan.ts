import { recordReader, recordWriter } from '@aries-data/formats';
import {
  AriesError,
  type Field,
  type Json,
  type JsonRecord,
  type RecordSchema,
  type TransformContext,
} from '@aries-data/sdk';
import { numberText } from './decimal.ts';
import { fieldGetter, fieldMap, findField, knownSchema } from './fields.ts';
import { type KeyReader, keyReader } from './key.ts';
import { type Order, orderOf, textOrder } from './order.ts';

export interface DedupeConfig {
  key?: string[] | undefined;
  keep: 'latest' | 'first' | 'last';
  by?: string | undefined;
}

/** The value that `latest` compares, as a line in a file can hold it. */
export type By = string | number | null;

export interface DedupePlan {
  keyNames: readonly string[];
  readKey: KeyReader;
  readBy(record: JsonRecord): By;
  /** Whether a record takes the place of an earlier one of the same key. */
  replaces(earlier: By, later: By): boolean;
  write(record: JsonRecord): string;
  parse(text: string): JsonRecord;
}

/** Brings config and input together; a missing key, or fields that cannot serve as one, are a `CONFIG_INVALID`. */
export function planDedupe(ctx: TransformContext<DedupeConfig>, input: RecordSchema | undefined): DedupePlan {
  if (input === undefined) throw new AriesError('BUG', 'dedupe was started before the schema of its input was known');
  const find = fieldFinder(input);
  const keyNames = ctx.config.key ?? ctx.primaryKey;
  if (keyNames.length === 0) {
    throw new AriesError(
      'CONFIG_INVALID',
      `dedupe needs a key: the stream ${JSON.stringify(ctx.stream)} has no primary key`,
      { hint: 'Name the fields in `key`.' },
    );
  }
  const keys = keyNames.map((name) => find(name, 'key'));
  const written = [...fieldMap(input).values()];
  return {
    keyNames,
    readKey: keyReader(keys),
    ...planBy(ctx, find),
    write: recordWriter(written),
    parse: recordReader(written),
  };
}

type FindField = (name: string, option: string) => Field;

/** Where there are no fields, because there were no records, any name will do. */
function fieldFinder(input: RecordSchema): FindField {
  if (knownSchema(input) === undefined) return (name) => ({ name, kind: 'string', nullable: true, schema: {} });
  const fields = fieldMap(input);
  return (name, option) => findField(input, fields, name, option);
}

function planBy(ctx: TransformContext<DedupeConfig>, find: FindField): Pick<DedupePlan, 'readBy' | 'replaces'> {
  const { keep } = ctx.config;
  if (keep !== 'latest') return { readBy: () => null, replaces: () => keep === 'last' };
  const by = ctx.config.by ?? ctx.cursor;
  if (by === undefined) {
    throw new AriesError(
      'CONFIG_INVALID',
      `keep: latest needs a field to compare: the stream ${JSON.stringify(ctx.stream)} has no cursor`,
      {
        hint: 'Name the field in `by`, or keep the first or the last.',
      },
    );
  }
  const { kind, schema } = find(by, 'by');
  // A column that never held a value needs no order.
  const order = schema.type === 'null' ? textOrder : orderOf(kind);
  if (order === undefined) {
    throw new AriesError('CONFIG_INVALID', `by: ${JSON.stringify(by)} is ${kind}, which has no order`, {
      hint: 'Cast it with select first, or keep the first or the last.',
    });
  }
  const get = fieldGetter(by);
  return { readBy: (record) => asBy(get(record)), replaces: (earlier, later) => isAtLeast(order, later, earlier) };
}

function asBy(value: Json | undefined): By {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  const text = numberText(value);
  // A copy, because part of a string can hold all of it in memory.
  return text === undefined ? null : (JSON.parse(JSON.stringify(text)) as string);
}

function isAtLeast(order: Order, a: By, b: By): boolean {
  const left = a === null ? undefined : order.read(a);
  const right = b === null ? undefined : order.read(b);
  if (right === undefined) return true;
  return left !== undefined && order.compare(left, right) >= 0;
}
