import { fieldSchema, type Json, type JsonRecord, type RecordSchema, type StagedFormat } from '@aries-data/sdk';
import { expectKeptOrRejected } from './kept-or-rejected.ts';
import { dispositionsOf, formatsOf, loadRecords } from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Rules about values that a target may not be able to hold. */
export const refusalRules: Rule[] = [
  {
    id: 'destination/refused-values',
    role: 'destination',
    title: 'A value that does not fit is rejected, and the records around it are loaded once',
    why: 'a changed value, or a batch that is loaded again after one bad record, goes unnoticed',
    async run(ctx) {
      for (const format of formatsOf(ctx)) await refusedValues(ctx, format);
    },
  },
];

const SCHEMA: RecordSchema = {
  type: 'object',
  properties: {
    id: fieldSchema('int64'),
    text: fieldSchema('string', { nullable: true }),
    float: fieldSchema('number', { nullable: true, pgType: 'double precision' }),
    exact: fieldSchema('decimal', { nullable: true, precision: 5, scale: 2 }),
    day: fieldSchema('date', { nullable: true, pgType: 'date' }),
    at: fieldSchema('date-time', { nullable: true, pgType: 'timestamp with time zone' }),
    short: fieldSchema('string', { nullable: true, pgType: 'character varying(3)' }),
  },
  required: ['id'],
  additionalProperties: false,
};

interface Odd {
  field: string;
  value: Json;
  /** The only format that can hold the value: csv cannot hold half of a surrogate pair. */
  only?: StagedFormat;
}

const ODD: readonly Odd[] = [
  { field: 'text', value: 'half \ud83d of a pair', only: 'ndjson' },
  { field: 'text', value: '\udc00', only: 'ndjson' },
  { field: 'text', value: 'U+0000 \0 within' },
  { field: 'float', value: Number.NaN },
  { field: 'float', value: Number.POSITIVE_INFINITY },
  { field: 'float', value: Number.NEGATIVE_INFINITY },
  { field: 'exact', value: '1234.5' },
  { field: 'exact', value: 'NaN' },
  { field: 'day', value: '0044-03-15 BC' },
  { field: 'day', value: '5874898-01-01' },
  { field: 'day', value: 'infinity' },
  { field: 'at', value: '294277-01-01T00:00:00Z' },
  { field: 'at', value: '0044-03-15T12:00:00Z BC' },
  { field: 'at', value: '20000-01-01T00:00:00Z' },
  { field: 'at', value: 'infinity' },
  { field: 'short', value: 'four' },
];

const plain = (id: number): JsonRecord => ({
  id: String(id),
  text: 'plain',
  float: 0.5,
  exact: '1.25',
  day: '2024-01-31',
  at: '2024-01-31T12:00:00Z',
  short: 'abc',
});

async function refusedValues(ctx: RuleContext, format: StagedFormat): Promise<void> {
  const odd = ODD.filter(({ only = format }) => only === format);
  // Each bad record is between two good ones, and all are in one batch.
  const records = [plain(0)];
  for (const { field, value } of odd)
    records.push({ ...plain(records.length), [field]: value }, plain(records.length + 1));
  const disposition = dispositionsOf(ctx).includes('append') ? 'append' : dispositionsOf(ctx)[0]!;
  const stream = `conformance_refused_${format}`;
  // The second load goes into an existing target, which may take a different path.
  for (const target of ['a new target', 'one that exists']) {
    const kept = target === 'a new target' ? 0 : (await ctx.rows(stream)).length;
    const shifted = records.map(
      (record): JsonRecord => ({ ...record, id: String(Number(record.id) + (kept === 0 ? 0 : 1000)) }),
    );
    const { rejected } = await loadRecords(
      ctx,
      disposition,
      { records: shifted, schema: SCHEMA, stream, primaryKey: [], cursor: '', format, encoded: true },
      { maxRejected: { count: odd.length } },
    );
    const held = await expectKeptOrRejected(ctx, {
      records: shifted,
      schema: SCHEMA,
      target: stream,
      mayBeRejected: (index) => index % 2 === 1,
      rejected,
      after: `${disposition} of a batch with bad values`,
    });
    const accepted = (disposition === 'append' ? kept : 0) + held;
    const { length } = await ctx.rows(stream);
    if (length !== accepted) ctx.fail(`the target has ${length} rows, but accepted ${accepted} records`);
  }
}
