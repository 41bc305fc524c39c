import { type FieldSchema, fieldSchema, isAriesError, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { expectRows, loadRecords, needs, needsMoreThanSending } from './loading.ts';
import type { Rule, RuleContext } from './rule.ts';

/** Rules about how a merge compares cursors. */
export const cursorRules: Rule[] = [
  {
    id: 'destination/cursor-order',
    role: 'destination',
    title: 'Cursors are compared by their type, not as text',
    why: 'an older record replaces a newer row if 10:00:00Z sorts after 10:00:00.5Z, or 9 after 10',
    run: cursorOrders,
  },
];

/** Pairs of values of one type, earlier then later, that sort the other way round as text or by some collation. */
interface Order {
  name: string;
  field: FieldSchema;
  pairs: readonly (readonly [earlier: string, later: string])[];
}

const ORDERS: readonly Order[] = [
  {
    name: 'instants',
    field: fieldSchema('date-time'),
    pairs: [
      ['2024-01-01T10:00:00Z', '2024-01-01T10:00:00.5Z'],
      ['2024-01-01T10:00:00.12Z', '2024-01-01T10:00:00.123456Z'],
      ['2024-01-01T11:00:00+02:00', '2024-01-01T10:00:00Z'],
      ['2024-01-01T00:30:00+01:00', '2023-12-31T23:45:00Z'],
    ],
  },
  {
    name: 'local times',
    field: fieldSchema('date-time', { zone: 'none' }),
    pairs: [['2024-01-01T10:00:00', '2024-01-01T10:00:00.000001']],
  },
  {
    name: 'int64',
    field: fieldSchema('int64'),
    pairs: [
      ['9', '10'],
      ['-10', '-9'],
      ['9007199254740992', '9007199254740993'],
    ],
  },
  {
    name: 'decimals',
    field: fieldSchema('decimal', { precision: 20, scale: 4 }),
    pairs: [
      ['9.5', '10.25'],
      ['0.1', '0.11'],
    ],
  },
  {
    name: 'texts',
    field: fieldSchema('string'),
    pairs: [
      ['B', 'a'],
      ['a b', 'a-b'],
      ['é', 'ｚ'],
      ['\uffee', '😀'],
    ],
  },
];

async function cursorOrders(ctx: RuleContext): Promise<void> {
  needs(ctx, 'merge');
  needsMoreThanSending(ctx);
  for (const order of ORDERS) {
    try {
      await compared(ctx, order);
    } catch (error) {
      // A destination may refuse a type that it cannot order; it must not guess.
      if (!isAriesError(error) || error.code !== 'SCHEMA_CONFLICT') throw error;
    }
  }
}

async function compared(ctx: RuleContext, { name, field, pairs }: Order): Promise<void> {
  const schema: RecordSchema = {
    type: 'object',
    properties: { id: fieldSchema('int64'), name: fieldSchema('string'), at: field },
    required: ['id', 'name', 'at'],
    additionalProperties: false,
  };
  const stream = `conformance_${name.replace(' ', '_')}`;
  const record = (id: number, name: string, at: string): JsonRecord => ({ id: String(id), name, at });
  // Tests each pair three times: the later one is there first, the earlier one is there first, and both are in one dataset.
  const before = pairs.flatMap(([earlier, later], index) => [
    record(3 * index, 'later', later),
    record(3 * index + 1, 'earlier', earlier),
  ]);
  const merged = pairs.flatMap(([earlier, later], index) => [
    record(3 * index, 'earlier', earlier),
    record(3 * index + 1, 'later', later),
    record(3 * index + 2, 'later', later),
    record(3 * index + 2, 'earlier', earlier),
  ]);
  await loadRecords(ctx, 'merge', { records: before, schema, stream });
  await loadRecords(ctx, 'merge', { records: merged, schema, stream });
  const records = pairs.flatMap(([, later], index) =>
    [0, 1, 2].map((place) => record(3 * index + place, 'later', later)),
  );
  await expectRows(ctx, { records, schema, target: stream, after: `merges by a cursor of ${name}` });
}
