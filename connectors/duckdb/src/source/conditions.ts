import type { ReadContext } from '@aries-data/sdk';
import {
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { parseDate, parseDateTime } from '../destination/parse-time.ts';
import { quote } from '../names.ts';
import type { Relation } from './discovery.ts';

/** Conditions and the values of their parameters. */
export interface Conditions {
  sql: string[];
  values: DuckDBValue[];
}

/**
 * Writes the SQL conditions for a read. Rows without a cursor value are always included, because the engine decides on them. Bounds
 * that DuckDB cannot compare exactly are left to the engine too, which checks every row again.
 */
export function conditionsOf(relation: Relation, { window, cursor, where }: ReadContext<unknown>): Conditions {
  const conditions: Conditions = { sql: [], values: [] };
  if (where !== undefined) conditions.sql.push(`(\n${where}\n)`);
  const column = relation.columns.find(({ name }) => name === cursor);
  if (column === undefined) return conditions;
  for (const [operator, bound] of [['>=', window.since] as const, ['<', window.until] as const]) {
    const found = bound === undefined ? undefined : boundOf(column.type, bound, operator === '<');
    if (found === undefined) continue;
    conditions.values.push(found.value);
    const name = quote(column.name);
    const [left, right] = found.compare(name, `$${conditions.values.length}`);
    conditions.sql.push(`(${left} ${operator} ${right} OR ${name} IS NULL)`);
  }
  return conditions;
}

interface Bound {
  value: DuckDBValue;
  /** Both sides of the comparison. */
  compare(column: string, parameter: string): [left: string, right: string];
}

const CASTS: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.TINYINT]: 'BIGINT',
  [DuckDBTypeId.SMALLINT]: 'BIGINT',
  [DuckDBTypeId.INTEGER]: 'BIGINT',
  [DuckDBTypeId.BIGINT]: 'BIGINT',
  [DuckDBTypeId.UTINYINT]: 'BIGINT',
  [DuckDBTypeId.USMALLINT]: 'BIGINT',
  [DuckDBTypeId.UINTEGER]: 'BIGINT',
  [DuckDBTypeId.UBIGINT]: 'HUGEINT',
  [DuckDBTypeId.HUGEINT]: 'HUGEINT',
  [DuckDBTypeId.UUID]: 'UUID',
};

function boundOf(type: DuckDBType, text: string, roundUp: boolean): Bound | undefined {
  const cast = type.typeId === DuckDBTypeId.DECIMAL ? String(type) : CASTS[type.typeId];
  if (cast !== undefined) {
    return { value: text, compare: (column, parameter) => [column, `CAST(${parameter} AS ${cast})`] };
  }
  switch (type.typeId) {
    case DuckDBTypeId.VARCHAR:
    case DuckDBTypeId.ENUM:
      // By bytes, regardless of the column's collation.
      return {
        value: text,
        compare: (column, parameter) => [`encode(CAST(${column} AS VARCHAR))`, `encode(${parameter})`],
      };
    case DuckDBTypeId.DATE:
    case DuckDBTypeId.TIMESTAMP:
    case DuckDBTypeId.TIMESTAMP_S:
    case DuckDBTypeId.TIMESTAMP_MS:
    case DuckDBTypeId.TIMESTAMP_NS:
    case DuckDBTypeId.TIMESTAMP_TZ: {
      const micros = instantOf(text, roundUp);
      if (micros === undefined) return undefined;
      const zoned = type.typeId === DuckDBTypeId.TIMESTAMP_TZ;
      return {
        value: zoned ? new DuckDBTimestampTZValue(micros) : new DuckDBTimestampValue(micros),
        compare: (column, parameter) => [column, parameter],
      };
    }
    default:
      return undefined;
  }
}

/** Parses microseconds since 1970, in UTC if there is no zone. Rounds a finer fraction down, or up if `roundUp` is set. */
function instantOf(text: string, roundUp: boolean): bigint | undefined {
  const days = parseDate(text);
  if (days !== undefined) return text.includes('inf') ? undefined : BigInt(days) * 86_400_000_000n;
  const [, micros, finer = ''] = /^(.*\.\d{6})(\d+)/.exec(text) ?? [];
  const usual = micros === undefined ? text : text.replace(/(\.\d{6})\d+/, '$1');
  const found = parseDateTime(usual, true) ?? parseDateTime(usual, false);
  return found !== undefined && roundUp && /[1-9]/.test(finer) ? found + 1n : found;
}
