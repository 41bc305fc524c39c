import { type AriesError, fieldSchema, isAriesError, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { anyDisposition, dispositionsOf, expectRows, ITEMS, item, loadRecords, TARGET } from './loading.ts';
import { type Rule, type RuleContext, reasonOf } from './rule.ts';

/** Rules about targets whose columns differ from the dataset's. */
export const shapeRules: Rule[] = [
  {
    id: 'destination/evolve',
    role: 'destination',
    title: 'evolve adds a column for a new field',
    why: 'sources gain fields; a load must neither fail nor lose them',
    run: evolve,
  },
  {
    id: 'destination/freeze',
    role: 'destination',
    title: 'freeze refuses a dataset that would change the target',
    why: 'others read the target and rely on its columns',
    run: freeze,
  },
  {
    id: 'destination/missing-fields',
    role: 'destination',
    title: 'Columns that a dataset lacks keep their values',
    why: 'a source that sends fewer fields for a day must not empty existing values',
    run: missingFields,
  },
  {
    id: 'destination/names',
    role: 'destination',
    title: 'Names are kept exactly',
    why: 'people look for createdAt, not for createdat, and a quote in a name must not end a statement',
    run: names,
  },
];

const NOTED: RecordSchema = {
  ...ITEMS,
  properties: { ...ITEMS.properties, noteText: fieldSchema('string', { nullable: true }) },
};

/** Picks a disposition that keeps existing rows, if there is one. */
function adding(ctx: RuleContext) {
  return (['append', 'merge', 'replace-interval', 'replace'] as const).find((one) =>
    dispositionsOf(ctx).includes(one),
  )!;
}

async function evolve(ctx: RuleContext): Promise<void> {
  const disposition = adding(ctx);
  if (disposition === 'replace-interval') ctx.skip('it declares neither append, merge nor replace');
  await loadRecords(ctx, disposition, { records: [item(1, 'a')] });
  const noted = { ...item(2, 'b'), noteText: 'new' };
  await loadRecords(ctx, disposition, { records: [noted], schema: NOTED });
  const before = disposition === 'replace' ? [] : [item(1, 'a')];
  await expectRows(ctx, { records: [...before, noted], schema: NOTED, after: `${disposition} with a new field` });
}

async function freeze(ctx: RuleContext): Promise<void> {
  if (ctx.suite.schemaless === true) ctx.skip('its targets have no columns of their own');
  const disposition = anyDisposition(ctx);
  await loadRecords(ctx, disposition, { records: [item(1, 'a')] });
  const record: JsonRecord = { ...item(2, 'b'), noteText: 'new' };
  const thrown = await loadRecords(
    ctx,
    disposition,
    { records: [record], schema: NOTED },
    { schemaChange: 'freeze' },
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown === undefined) ctx.fail('a dataset with a new field was loaded into a frozen target', record);
  if (!isAriesError(thrown) || thrown.code !== 'SCHEMA_FROZEN') throw thrown;
  await expectRows(ctx, { records: [item(1, 'a')], after: 'a refused load' });
}

async function missingFields(ctx: RuleContext): Promise<void> {
  const disposition = adding(ctx);
  if (disposition === 'replace' || disposition === 'replace-interval') ctx.skip('it declares neither append nor merge');
  const first = { ...item(1, 'a'), noteText: 'kept' };
  await loadRecords(ctx, disposition, { records: [first], schema: NOTED });
  await loadRecords(ctx, disposition, { records: [item(2, 'b')] });
  await expectRows(ctx, { records: [first, item(2, 'b')], schema: NOTED, after: `${disposition} without a field` });
  if (!dispositionsOf(ctx).includes('merge')) return;
  const stream = `${TARGET}_merged`;
  await loadRecords(ctx, 'merge', { records: [first], schema: NOTED, stream });
  await loadRecords(ctx, 'merge', { records: [item(1, 'changed', 2)], stream });
  const records = [{ ...item(1, 'changed', 2), noteText: 'kept' }];
  await expectRows(ctx, { records, schema: NOTED, target: stream, after: 'a merge without a field' });
}

const HOSTILE = [
  'createdAt',
  'select',
  'with space',
  'quo"te',
  "apos'trophe",
  'semi;colon --',
  'back\\slash',
  'percent%s',
  '$1',
  'été',
  '名前',
  '😀',
  '__proto__',
  'constructor',
];

async function names(ctx: RuleContext): Promise<void> {
  const properties = Object.fromEntries([
    ['id', fieldSchema('int64')] as const,
    ...HOSTILE.map((name) => [name, fieldSchema('string', { nullable: true })] as const),
  ]);
  const schema: RecordSchema = { type: 'object', properties, required: ['id'], additionalProperties: false };
  const record = Object.fromEntries([['id', '1'], ...HOSTILE.map((name) => [name, `value of ${name}`])]) as JsonRecord;
  const stream = 'conformance "Items"; drop';
  await loadRecords(ctx, anyDisposition(ctx), { records: [record], schema, stream });
  await expectRows(ctx, { records: [record], schema, target: stream, after: `a load into ${stream}` });
  for (const [index, pair] of ALIKE.entries()) await namesAlike(ctx, pair, `conformance_alike_${index}`);
}

/** Names that some databases take for the same: they ignore case, or cut names after 63 or 128 bytes. */
const ALIKE = [
  ['amount', 'AMOUNT'],
  [`${'n'.repeat(63)}1`, `${'n'.repeat(63)}2`],
  [`${'n'.repeat(128)}1`, `${'n'.repeat(128)}2`],
] as const;

/** Fails unless both fields arrive, or the load is refused because of their names. */
async function namesAlike(ctx: RuleContext, [one, other]: readonly [string, string], stream: string): Promise<void> {
  const properties = {
    id: fieldSchema('int64'),
    [one]: fieldSchema('string', { nullable: true }),
    [other]: fieldSchema('string', { nullable: true }),
  };
  const schema: RecordSchema = { type: 'object', properties, required: ['id'], additionalProperties: false };
  const records = [{ id: '1', [one]: 'first', [other]: 'second' }];
  const thrown = await loadRecords(ctx, anyDisposition(ctx), { records, schema, stream }).then(
    () => undefined,
    (error: unknown) => error,
  );
  const fields = `the fields "${one}" and "${other}"`;
  if (thrown === undefined) {
    await expectRows(ctx, { records, schema, target: stream, after: `a load of ${fields}` });
    return;
  }
  // A long name may be refused by itself. Of names that differ only in case both must be named: a database's own error names one.
  const isRefusal = (error: AriesError) => {
    const isNamed = [one, other].map((name) => error.message.includes(name));
    return error.code === 'SCHEMA_CONFLICT' && (one.length > 63 ? isNamed.includes(true) : !isNamed.includes(false));
  };
  if (isAriesError(thrown) && isRefusal(thrown)) return;
  ctx.fail(
    `${fields} neither arrive nor are refused with SCHEMA_CONFLICT and their names: ${reasonOf(thrown, ctx.connector.name)}`,
  );
}
