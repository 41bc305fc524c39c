import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { extract, type LoadOptions, load, type StreamResult } from '@aries-data/engine';
import { csvEncoder, ndjsonEncoder } from '@aries-data/formats';
import {
  type Disposition,
  defineSource,
  fieldSchema,
  fieldsOf,
  type Interval,
  type JsonRecord,
  type RecordSchema,
  type StagedFormat,
} from '@aries-data/sdk';
import type { ReadEncoded } from '@aries-data/sdk/internal';
import { z } from 'zod';
import { canonical, holds } from './compare.ts';
import { type RuleContext, showRecord } from './rule.ts';

/** The target of most rules. */
export const TARGET = 'conformance_items';

/** The schema of the records in most rules. */
export const ITEMS: RecordSchema = {
  type: 'object',
  properties: {
    id: fieldSchema('int64'),
    name: fieldSchema('string', { nullable: true }),
    at: fieldSchema('date-time', { nullable: true }),
  },
  required: ['id'],
  additionalProperties: false,
};

/** Makes an item dated to this day of January 2024. */
export function item(id: number, name: string | null, day = 1): JsonRecord {
  return { id: String(id), name, at: `2024-01-${String(day).padStart(2, '0')}T12:00:00Z` };
}

export interface Staged {
  records: JsonRecord[];
  schema?: RecordSchema;
  stream?: string;
  primaryKey?: string[];
  cursor?: string;
  interval?: Interval;
  /** Default: ndjson. */
  format?: StagedFormat;
  deletes?: 'compare';
  /** Stages the values unchecked, like a source that encodes its own rows. */
  encoded?: boolean;
}

/** Stages records as an extract would, and returns the dataset's URI. */
export async function stage(
  ctx: RuleContext,
  {
    records,
    schema = ITEMS,
    stream = TARGET,
    primaryKey = ['id'],
    cursor = 'at',
    interval,
    deletes,
    format = 'ndjson',
    encoded,
  }: Staged,
): Promise<string> {
  // Datasets are told apart by the time at which they were read.
  await sleep(2);
  const source = defineSource({
    config: z.object({}),
    streams: (ctx) =>
      Object.fromEntries([
        [
          stream,
          ctx.stream({
            schema,
            primaryKey,
            ...(cursor in schema.properties ? { cursor } : {}),
            ...(encoded === true
              ? { readEncoded: encodedAs(format, schema, records) }
              : {
                  async *read() {
                    yield structuredClone(records);
                  },
                }),
          }),
        ],
      ]),
  });
  const result = await extract({
    source: { connector: { name: 'records', version: '0.0.0', source }, config: {} },
    staging: `file://${ctx.folder}/staging`,
    name: 'conformance',
    maxRejected: { count: 0 },
    stagedFormat: format,
    ...(interval === undefined
      ? { streams: [{ name: stream, mode: 'full' as const, deletes }] }
      : { interval, streams: [{ name: stream, nullCursor: 'skip' as const }] }),
  });
  return result.dataset;
}

function encodedAs(format: StagedFormat, schema: RecordSchema, records: JsonRecord[]): ReadEncoded<unknown> {
  const encode = format === 'csv' ? csvEncoder(fieldsOf(schema)) : ndjsonEncoder(fieldsOf(schema));
  return {
    formats: [format],
    exactWindow: true,
    async *open() {
      yield { body: Readable.from([encode(records)]), done: Promise.resolve({ rows: records.length }) };
    },
  };
}

/** Loads a dataset with the tested destination. */
export async function loaded(
  ctx: RuleContext,
  dataset: string,
  disposition: Disposition,
  options: Partial<LoadOptions> = {},
): Promise<StreamResult> {
  // To the engine, all datasets of a rule are full reads of the same source.
  const result = await load({ destination: ctx.use, input: [dataset], disposition, allowRepeat: true, ...options });
  return Object.values(result.streams)[0]!;
}

/** Stages records and loads them. */
export async function loadRecords(
  ctx: RuleContext,
  disposition: Disposition,
  staged: Staged,
  options: Partial<LoadOptions> = {},
): Promise<StreamResult> {
  return loaded(ctx, await stage(ctx, staged), disposition, options);
}

/** Returns the dispositions that the destination declares. */
export function dispositionsOf(ctx: RuleContext): readonly Disposition[] {
  return ctx.connector.destination!.dispositions;
}

export function needs(ctx: RuleContext, disposition: Disposition): void {
  if (!dispositionsOf(ctx).includes(disposition)) ctx.skip(`it does not declare ${disposition}`);
}

/** Skips a rule that needs records to be taken back, or compared with existing ones. */
export function needsMoreThanSending(ctx: RuleContext): void {
  if (ctx.connector.destination!.delivery === 'at-least-once') ctx.skip('its delivery is at-least-once');
}

/** Returns the formats that reach a destination on different paths: record by record, and as csv that it reads itself. */
export function formatsOf(ctx: RuleContext): StagedFormat[] {
  return ctx.connector.destination!.formats.includes('csv') ? ['ndjson', 'csv'] : ['ndjson'];
}

/** Picks a disposition for rules that are about something else. */
export function anyDisposition(ctx: RuleContext): Disposition {
  return dispositionsOf(ctx).includes('replace') ? 'replace' : dispositionsOf(ctx)[0]!;
}

export interface Expected {
  records: readonly JsonRecord[];
  schema?: RecordSchema;
  target?: string;
  /** The steps so far, for the report. */
  after: string;
}

/** Fails unless the target contains exactly these records, in any order. */
export async function expectRows(
  ctx: RuleContext,
  { records, schema = ITEMS, target = TARGET, after }: Expected,
): Promise<void> {
  const rows = await ctx.rows(target);
  const fields = fieldsOf(schema);
  const left = [...rows];
  for (const record of records) {
    const index = left.findIndex((row) => fields.every((field) => holds(field, row[field.name], record[field.name])));
    if (index < 0) {
      // A row with the same id shows how the record was changed.
      const same = left.find((row) => canonical(String(row.id)) === canonical(String(record.id)));
      const instead = same === undefined ? '' : `; the target has ${showRecord(same)}`;
      ctx.fail(`after ${after} a record is missing${instead}`, record);
    }
    left.splice(index, 1);
  }
  if (left.length > 0) ctx.fail(`after ${after} the target has an extra record`, left[0]);
}
