import { fieldsOf, type JsonRecord, type RecordSchema } from '@aries-data/sdk';
import { holds } from './compare.ts';
import { type RuleContext, showRecord } from './rule.ts';

interface KeptOrRejected {
  records: readonly JsonRecord[];
  schema: RecordSchema;
  target: string;
  /** True for records that the target may be unable to hold. */
  mayBeRejected: (index: number) => boolean;
  /** The number of records that the load reported as rejected. */
  rejected: number;
  /** The steps so far, for the report. */
  after: string;
}

/**
 * Fails unless each record is in the target once and unchanged, or was rejected. Records are found by their `id`; other rows do not
 * matter. Returns the number of records that are in the target.
 */
export async function expectKeptOrRejected(
  ctx: RuleContext,
  { records, schema, target, mayBeRejected, rejected, after }: KeptOrRejected,
): Promise<number> {
  const rows = await ctx.rows(target);
  let missing = 0;
  for (const [index, record] of records.entries()) {
    const found = rows.filter(({ id }) => String(id) === record.id);
    if (found.length > 1) ctx.fail(`after ${after} a record is in the target twice`, record);
    const [row] = found;
    if (row === undefined) {
      if (!mayBeRejected(index)) ctx.fail(`after ${after} a good record is missing`, record);
      missing++;
      continue;
    }
    const differs = fieldsOf(schema).find((field) => !holds(field, row[field.name], record[field.name]));
    if (differs === undefined) continue;
    const { name } = differs;
    const value = record[name];
    // JSON has no NaN.
    const shown = typeof value === 'number' ? String(value) : showRecord(value);
    ctx.fail(`${shown} in the field "${name}" is neither rejected nor kept`, row[name] ?? null);
  }
  if (missing !== rejected)
    ctx.fail(
      `${missing} of ${records.length} records are missing in the target, but ${rejected} are reported as rejected`,
    );
  return records.length - missing;
}
