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

/** The value that `latest` compares, in a form that a line of a file can hold. */
export type By = string | number | null;

export interface DedupePlan {
  keyNames: readonly string[];
  readKey: KeyReader;
  readBy(record: JsonRecord): By;
  /** True if a record replaces an earlier one with the same key. */
  replaces(earlier: By, later: By): boolean;
  write(record: JsonRecord): string;
  parse(text: string): JsonRecord;
}

/** Resolves the config against the input. Throws `CONFIG_INVALID` if there is no key, or a field cannot be part of one. */
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

/** Finds fields by name. With no records there are no fields, and any name is accepted. */
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
        hint: 'Name the field in `by`, or use `keep: first` or `keep: last`.',
      },
    );
  }
  const { kind, schema } = find(by, 'by');
  // A column without any values needs no order.
  const order = schema.type === 'null' ? textOrder : orderOf(kind);
  if (order === undefined) {
    throw new AriesError('CONFIG_INVALID', `by: ${JSON.stringify(by)} is ${kind}, which has no order`, {
      hint: 'Cast it with select first, or use `keep: first` or `keep: last`.',
    });
  }
  const get = fieldGetter(by);
  return { readBy: (record) => asBy(get(record)), replaces: (earlier, later) => isAtLeast(order, later, earlier) };
}

function asBy(value: Json | undefined): By {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  const text = numberText(value);
  // A copy, because a substring keeps the whole string in memory.
  return text === undefined ? null : (JSON.parse(JSON.stringify(text)) as string);
}

function isAtLeast(order: Order, a: By, b: By): boolean {
  const left = a === null ? undefined : order.read(a);
  const right = b === null ? undefined : order.read(b);
  if (right === undefined) return true;
  return left !== undefined && order.compare(left, right) >= 0;
}
