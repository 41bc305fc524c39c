import type { Field } from '@aries-data/sdk';
import type { ColumnMatch, SqlColumn, WantedColumn } from '@aries-data/sql';
import { withoutModifiers } from '../types.ts';
import { pgTypeOf } from './target-types.ts';

const MATCHES: ColumnMatch = { fits: true };
const widen = (type: string): ColumnMatch => ({ fits: false, widen: type });
const TEXT = widen('text');

/**
 * Says how a field goes into a column. Values that PostgreSQL refuses may try: they are rejected one by one. Values that it would
 * silently change (round, cut, drop the zone of) widen the column, along integer → bigint → numeric → text.
 */
export function matchColumn(column: SqlColumn, { field, type, neverHeld }: WantedColumn): ColumnMatch {
  if (column.type === type) return MATCHES;
  const have = withoutModifiers(column.type);
  if (isText(have)) return matchText(column.type, field, type);
  if (have in NUMBERS) return matchNumber(column.type, have, field, type);
  if (have === 'date' || have.startsWith('timestamp')) return matchTime(column.type, have, field);
  switch (have) {
    case 'boolean':
    case 'uuid':
      return field.kind === have || (have === 'uuid' && field.kind === 'string') ? MATCHES : asText(field);
    case 'bytea':
      return field.kind === 'binary'
        ? MATCHES
        : { fits: false, conflict: `holds bytes, the dataset's field ${field.kind}` };
    case 'json':
    case 'jsonb':
      if (['json', 'object', 'array', 'any'].includes(field.kind)) return MATCHES;
      return neverHeld ? widen(type) : asText(field);
  }
  // Types that only PostgreSQL has (inet, enums, arrays, …) parse a text, or refuse it.
  if (field.kind === 'string') return MATCHES;
  if (have === withoutModifiers(type)) return widen(type);
  return asText(field);
}

function matchText(have: string, field: Field, type: string): ColumnMatch {
  switch (field.kind) {
    // In csv it is a letter, as text a word.
    case 'boolean':
      return { fits: true, through: 'boolean' };
    case 'binary':
      return { fits: false, conflict: "holds text, the dataset's field bytes" };
    case 'string': {
      // A longer text is refused. The column becomes longer only if the source's column is declared longer.
      const length = lengthOf(have);
      if (length === undefined || pgTypeOf(field) !== type) return MATCHES;
      return (lengthOf(type) ?? Number.POSITIVE_INFINITY) > length ? widen(type) : MATCHES;
    }
    default:
      return MATCHES;
  }
}

/** Number types, and how many digits before the point each always holds. */
const NUMBERS: Record<string, number> = {
  smallint: 5,
  integer: 10,
  bigint: 19,
  numeric: Number.POSITIVE_INFINITY,
  real: 0,
  'double precision': 0,
};

function matchNumber(column: string, have: string, field: Field, type: string): ColumnMatch {
  const isFloat = have === 'real' || have === 'double precision';
  const whole = have === 'smallint' || have === 'integer' || have === 'bigint';
  switch (field.kind) {
    case 'integer':
      if (have === 'real') return widen('double precision');
      if (isFloat || (have === 'numeric' && scaleOf(column) >= 0)) return MATCHES;
      if (have === 'numeric') return widen('numeric');
      // Unless the source declares a wider type, a number that is too large is refused.
      return pgTypeOf(field) === type && NUMBERS[type]! > NUMBERS[have]! ? widen(type) : MATCHES;
    case 'int64':
      if (have === 'bigint' || (have === 'numeric' && scaleOf(column) >= 0)) return MATCHES;
      return widen(whole ? 'bigint' : 'numeric');
    case 'number':
    case 'decimal': {
      const want = withoutModifiers(type);
      if (want === 'numeric') return matchNumeric(column, have, type);
      // A double (or real): exact in a double, and in a numeric that does not round.
      if (have === 'double precision' || column === 'numeric') return MATCHES;
      return widen(have === 'numeric' || have === 'bigint' ? 'numeric' : 'double precision');
    }
    default:
      return asText(field);
  }
}

function matchNumeric(column: string, have: string, type: string): ColumnMatch {
  if (have !== 'numeric') return widen('numeric');
  const [held, wanted] = [digitsOf(column), digitsOf(type)];
  if (held === undefined) return MATCHES;
  if (wanted === undefined) return widen('numeric');
  const scale = Math.max(held.scale, wanted.scale);
  const whole = Math.max(held.precision - held.scale, wanted.precision - wanted.scale);
  if (scale === held.scale && whole === held.precision - held.scale) return MATCHES;
  return widen(whole + scale > 1000 ? 'numeric' : `numeric(${whole + scale},${scale})`);
}

function matchTime(column: string, have: string, field: Field): ColumnMatch {
  if (field.kind === 'date') return MATCHES;
  if (field.kind !== 'date-time') return asText(field);
  const local = field.schema.zone === 'none';
  if (have === 'date') return widen(`timestamp ${local ? 'without' : 'with'} time zone`);
  if (have === 'timestamp without time zone' && !local) {
    return { fits: false, conflict: "holds times without a zone, the dataset's have one, which would be dropped" };
  }
  // `timestamp(3)` would round microseconds.
  return column === have || pgTypeOf(field) === column ? MATCHES : widen(have);
}

function asText({ kind }: Field): ColumnMatch {
  if (kind === 'boolean') return { fits: false, widen: 'text', through: 'boolean' };
  return kind === 'binary' ? { fits: false, conflict: "cannot hold the bytes of the dataset's field" } : TEXT;
}

function isText(type: string): boolean {
  return ['text', 'character varying', 'character', 'bpchar', 'citext', 'name'].includes(type);
}

function lengthOf(type: string): number | undefined {
  const [, length] = /^character(?: varying)?\((\d+)\)$/.exec(type) ?? [];
  return length === undefined ? undefined : Number(length);
}

function digitsOf(type: string): { precision: number; scale: number } | undefined {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type) ?? [];
  return precision === undefined ? undefined : { precision: Number(precision), scale: Number(scale) };
}

function scaleOf(type: string): number {
  return digitsOf(type)?.scale ?? 0;
}
