import { cellReader } from '@aries-data/formats';
import type { Field } from '@aries-data/sdk';
import { decimalDigits } from './column-types.ts';

/** SQL that turns a cell of staged csv into a column's value, and a condition: the encoders would make the same value. */
export interface PartColumn {
  value: string;
  /** True or false, never NULL. If false, the encoders must read the cell; they know more notations. */
  plain: string;
}

const DATE = '[0-9]{4}-[0-9]{2}-[0-9]{2}';
const CLOCK = '([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,6})?';
const NUMBER = '-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?';
const INTEGERS = /^U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/;
const SAFE = 9_007_199_254_740_991;

/**
 * Returns how DuckDB itself reads a field from a cell, an expression of type VARCHAR; `undefined` if only the encoders can. DuckDB's casts
 * round, cut and guess, so a cell must be in a form in which they cannot, mostly the form that DuckDB would print.
 */
export function partColumn(field: Field, type: string, cell: string): PartColumn | undefined {
  const { kind, schema } = field;
  const cast = `TRY_CAST(${cell} AS ${type})`;
  const printed = { value: cast, plain: `${cell} IS NOT DISTINCT FROM CAST(${cast} AS VARCHAR)` };
  const written = (pattern: string) => ({
    value: cast,
    plain: `(${cell} IS NULL OR (${cast} IS NOT NULL AND regexp_full_match(${cell}, '${pattern}')))`,
  });
  if (INTEGERS.test(type)) {
    if (kind === 'int64') return printed;
    if (kind !== 'integer') return undefined;
    return { ...printed, plain: `${printed.plain} AND coalesce(${cast} BETWEEN -${SAFE} AND ${SAFE}, true)` };
  }
  if (decimalDigits(type) !== undefined) return kind === 'decimal' ? printed : undefined;
  switch (`${kind} ${type}`) {
    case 'boolean BOOLEAN':
      return { value: `(${cell} = 't')`, plain: `coalesce(${cell} IN ('t', 'f'), true)` };
    case 'number DOUBLE': {
      const { value, plain } = written(NUMBER);
      return { value, plain: `${plain} AND coalesce(isfinite(${cast}), true)` };
    }
    case 'date DATE':
      // DuckDB prints years before 1 in a form of its own.
      return { ...printed, plain: `${printed.plain} AND coalesce(NOT ends_with(${cell}, ')'), true)` };
    case 'time TIME':
    case 'uuid UUID':
      return printed;
    case 'date-time TIMESTAMP':
      return schema.zone === 'none' ? written(`${DATE}[ T]${CLOCK}`) : undefined;
    case 'date-time TIMESTAMP WITH TIME ZONE':
      return schema.zone === 'none' ? undefined : written(`${DATE}(T${CLOCK}Z| ${CLOCK}[+]00)`);
    case 'binary BLOB':
      return {
        value: `unhex(substr(${cell}, 3))`,
        plain: `(${cell} IS NULL OR regexp_full_match(${cell}, '\\\\x([0-9a-f]{2})*'))`,
      };
    default:
      // If the decoder changes a text, only the encoders know the result.
      return type === 'VARCHAR' && cellReader(kind, schema) === undefined && kind !== 'json'
        ? { value: cell, plain: 'true' }
        : undefined;
  }
}
