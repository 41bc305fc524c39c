import { fieldSchema, type JsonRecord, type RecordSchema, type StagedFormat } from '@aries-data/sdk';
import { expectKeptOrRejected } from './kept-or-rejected.ts';
import { anyDisposition, dispositionsOf, expectRows, formatsOf, item, loadRecords } from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Rules about values that are easily lost. */
export const valueRules: Rule[] = [
  {
    id: 'destination/null-and-empty',
    role: 'destination',
    title: 'Null stays null, and empty text stays empty',
    why: 'counts of missing values are wrong if the two are mixed up',
    run: (ctx) => texts(ctx, [null, '', ' ', 'NULL', 'null', '\\N', '""']),
  },
  {
    id: 'destination/unicode',
    role: 'destination',
    title: 'Every character arrives',
    why: 'names contain any character, and free text contains line breaks',
    run: (ctx) =>
      texts(ctx, [
        'Ångström',
        'e\u0301 beside é',
        '日本語',
        '👩‍👩‍👧',
        'שלום',
        'line\nbreak\r\nand\ttab',
        'quote " comma , semicolon ; apostrophe \' backslash \\',
        '\\.',
        'U+2028 \u2028 and U+FEFF \uFEFF',
        '\u0001\u001f\u007f',
      ]),
  },
  {
    id: 'destination/huge-values',
    role: 'destination',
    title: 'Large values arrive whole and exact',
    why: 'a number beyond 2^53 that passes through a double becomes another number',
    run: huge,
  },
  {
    id: 'destination/zero-records',
    role: 'destination',
    title: 'A dataset without records is valid',
    why: 'an empty day is not a failure, and a table that was emptied at the source must become empty',
    run: zeroRecords,
  },
];

async function texts(ctx: RuleContext, values: readonly (string | null)[]): Promise<void> {
  const records = values.map((value, index) => item(index, value));
  for (const format of formatsOf(ctx)) {
    const stream = `conformance_texts_${format}`;
    await loadRecords(ctx, anyDisposition(ctx), { records, stream, format });
    await expectRows(ctx, { records, target: stream, after: `a load of ${format}` });
  }
}

async function huge(ctx: RuleContext): Promise<void> {
  const schema: RecordSchema = {
    type: 'object',
    properties: {
      id: fieldSchema('int64'),
      exact: fieldSchema('decimal', { nullable: true, precision: 38, scale: 10 }),
      float: fieldSchema('number', { nullable: true }),
      text: fieldSchema('string', { nullable: true }),
      at: fieldSchema('date-time', { nullable: true }),
    },
    required: ['id'],
    additionalProperties: false,
  };
  const records: JsonRecord[] = [
    {
      id: '9223372036854775807',
      exact: '1234567890123456789012345678.0123456789',
      float: 1.7976931348623157e308,
      text: 'x'.repeat(1_000_000),
      at: '2024-01-01T00:00:00.123456Z',
    },
    {
      id: '-9223372036854775808',
      exact: '-0.0000000001',
      float: 5e-324,
      text: '"'.repeat(100_000),
      at: '1970-01-01T00:00:00.000001Z',
    },
  ];
  for (const format of formatsOf(ctx)) {
    const stream = `conformance_huge_${format}`;
    await loadRecords(ctx, anyDisposition(ctx), { records, schema, stream, format });
    await expectRows(ctx, { records, schema, target: stream, after: `a load of ${format}` });
    await hugeDecimals(ctx, format);
  }
}

/** Loads decimals of which a target without a wide enough type may refuse some. */
async function hugeDecimals(ctx: RuleContext, format: StagedFormat): Promise<void> {
  const schema: RecordSchema = {
    type: 'object',
    properties: {
      id: fieldSchema('int64'),
      unbounded: fieldSchema('decimal', { nullable: true }),
      // Wider than the DECIMAL of most databases.
      wide: fieldSchema('decimal', { nullable: true, precision: 76, scale: 38 }),
    },
    required: ['id'],
    additionalProperties: false,
  };
  const wide = `${'98765432109876543210'.repeat(2).slice(2)}.${'01234567890123456789'.repeat(2).slice(2)}`;
  const values = ['12345678901234567890.0123456789', '0.1000000000000000055', '-9007199254740993', wide, `-${wide}`];
  const longest = `${'1234567890'.repeat(20)}.${'1234567890'.repeat(20)}`;
  const records = [
    ...[...values, longest].map((unbounded) => ({ unbounded, wide: null })),
    ...values.map((value) => ({ unbounded: null, wide: value })),
  ].map((record, index): JsonRecord => ({ id: String(index), ...record }));
  const stream = `conformance_decimals_${format}`;
  const { rejected } = await loadRecords(
    ctx,
    anyDisposition(ctx),
    { records, schema, stream, format },
    { maxRejected: { count: records.length } },
  );
  await expectKeptOrRejected(ctx, {
    records,
    schema,
    target: stream,
    mayBeRejected: () => true,
    rejected,
    after: `a load of decimals as ${format}`,
  });
}

async function zeroRecords(ctx: RuleContext): Promise<void> {
  for (const disposition of dispositionsOf(ctx)) {
    // A history keeps what is gone: it has a rule of its own.
    if (disposition === 'replace-interval' || disposition === 'history') continue;
    const stream = `conformance_empty_${disposition}`;
    await loadRecords(ctx, disposition, { records: [], stream });
    await expectRows(ctx, { records: [], target: stream, after: `${disposition} of no records` });
    await loadRecords(ctx, disposition, { records: [item(1, 'a')], stream });
    await loadRecords(ctx, disposition, { records: [], stream });
    const records = disposition === 'replace' ? [] : [item(1, 'a')];
    await expectRows(ctx, { records, target: stream, after: `${disposition} of one record and then of none` });
  }
}
