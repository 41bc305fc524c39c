import { AriesError, inferred, kindOf, nearest, type RecordSchema, type Source, type Stream } from '@aries-data/sdk';
import { checkStreams, toRecordSchema } from '@aries-data/sdk/internal';
import { z } from 'zod';
import { checkRecordSchema } from '../dataset/record-schema.ts';
import type { OpenedRole } from './step-context.ts';
import type { StreamOptions } from './step-options.ts';

/** Stream of a source, with the user's options applied. */
export interface SelectedStream {
  /** Name at the source. */
  name: string;
  /** Name in the dataset. */
  as: string;
  stream: Stream<unknown>;
  options: StreamOptions;
  /** `null` if it is inferred from the records. */
  schema: RecordSchema | null;
  zod: z.ZodObject | undefined;
  primaryKey: readonly string[];
  cursor: string | undefined;
}

/** Asks a source for its streams and checks them. */
export async function streamsOf({
  definition,
  ctx,
  name,
}: OpenedRole<Source>): Promise<Record<string, Stream<unknown>>> {
  const streams = await definition.streams({ ...ctx, stream: ((stream: unknown) => stream) as never });
  checkStreams(name, streams);
  return streams;
}

/** Selects the requested streams, or all. Throws `STREAM_UNKNOWN` or `CONFIG_INVALID`, naming the stream and the problem. */
export function selectStreams(
  streams: Record<string, Stream<unknown>>,
  wanted: readonly (string | StreamOptions)[] | undefined,
  connector: string,
): SelectedStream[] {
  const names = Object.keys(streams);
  const chosen = (wanted ?? names).map((option) => (typeof option === 'string' ? { name: option } : option));
  const selected = chosen.map((options) => {
    const stream = Object.hasOwn(streams, options.name) ? streams[options.name] : undefined;
    if (stream === undefined) {
      const near = nearest(options.name, names);
      throw new AriesError('STREAM_UNKNOWN', `${connector} has no stream "${options.name}"`, {
        connector,
        hint:
          near.length > 0
            ? `Did you mean ${near.join(' or ')}?`
            : `It has ${names.length === 0 ? 'no streams' : names.slice(0, 20).join(', ')}.`,
      });
    }
    return describe(connector, stream, options);
  });
  const seen = new Set<string>();
  const positioned = new Set<string>();
  for (const { as, name, stream } of selected) {
    if (seen.has(as))
      throw new AriesError('CONFIG_INVALID', `Two streams are both named "${as}"`, {
        connector,
        hint: 'Give one of them another name with "as".',
      });
    seen.add(as);
    if (stream.state !== 'position') continue;
    if (positioned.has(name))
      throw new AriesError('CONFIG_INVALID', `${connector}: the stream "${name}" is selected twice`, {
        connector,
        stream: name,
        hint: 'Its source lets go of what is loaded, which can be only one of them. Select it in two pipelines instead.',
      });
    positioned.add(name);
  }
  if (selected.length === 0) throw new AriesError('STREAM_UNKNOWN', `${connector} has no streams`, { connector });
  return selected;
}

function describe(connector: string, stream: Stream<unknown>, options: StreamOptions): SelectedStream {
  const where = `${connector}: streams.${options.name}.schema`;
  const zod = stream.schema instanceof z.ZodType ? (stream.schema as z.ZodObject) : undefined;
  const isInferred = (stream.schema as unknown) === inferred;
  const schema = isInferred ? null : zod !== undefined ? toRecordSchema(zod, where) : (stream.schema as RecordSchema);
  if (schema !== null) checkRecordSchema(schema, where);
  const primaryKey = options.primaryKey ?? stream.primaryKey ?? [];
  const cursor = options.cursor ?? stream.cursor;
  const projected =
    schema === null || options.columns === undefined
      ? schema
      : project(schema, options.columns, connector, options.name);
  if (options.where !== undefined && !stream.pushdown?.includes('where')) {
    throw new AriesError(
      'CONFIG_INVALID',
      `${connector}: stream "${options.name}" cannot filter with "where" at its source`,
      {
        connector,
        stream: options.name,
        hint: 'Use the filter transform.',
      },
    );
  }
  if (projected !== null) {
    for (const [what, fields] of [
      ['primary key', primaryKey],
      ['cursor', cursor === undefined ? [] : [cursor]],
    ] as const) {
      const missing = fields.filter((field) => !Object.hasOwn(projected.properties, field));
      if (missing.length > 0) {
        const near = nearest(missing[0]!, Object.keys(projected.properties));
        throw new AriesError(
          'CONNECTOR_INVALID',
          `${connector}: streams.${options.name}: its ${what} "${missing[0]}" is not in its schema`,
          {
            connector,
            stream: options.name,
            hint:
              near.length > 0
                ? `Did you mean ${near.join(' or ')}?`
                : `The schema has ${Object.keys(projected.properties).join(', ')}.`,
          },
        );
      }
    }
  }
  return {
    name: options.name,
    as: options.as ?? options.name,
    stream,
    options,
    schema: projected,
    zod: options.columns === undefined ? zod : undefined,
    primaryKey,
    cursor,
  };
}

function project(schema: RecordSchema, columns: readonly string[], connector: string, stream: string): RecordSchema {
  const missing = columns.filter((column) => !Object.hasOwn(schema.properties, column));
  if (missing.length > 0) {
    const near = nearest(missing[0]!, Object.keys(schema.properties));
    throw new AriesError('CONFIG_INVALID', `${connector}: stream "${stream}" has no column "${missing[0]}"`, {
      connector,
      stream,
      hint:
        near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `It has ${Object.keys(schema.properties).join(', ')}.`,
    });
  }
  return {
    ...schema,
    properties: Object.fromEntries(columns.map((column) => [column, schema.properties[column]!])),
    required: (schema.required ?? []).filter((name) => columns.includes(name)),
  };
}

/** Returns the kind of a stream's cursor; `any` while the schema is still being inferred. */
export function cursorKindOf(schema: RecordSchema | null, cursor: string | undefined) {
  const field = cursor === undefined ? undefined : schema?.properties[cursor];
  return field === undefined ? 'any' : kindOf(field);
}
