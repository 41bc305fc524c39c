import type { Json, JsonRecord } from '@aries-data/sdk';
import type { Change } from './batches.ts';
import { CASTS, whyNot } from './cast.ts';
import { readField, setField } from './fields.ts';
import { type Column, type SelectPlan, twins } from './select-plan.ts';

/** The reason why a value cannot be cast. */
class Refused {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

type Convert = (value: Json | undefined) => Json | undefined | Refused;

/** Makes a function that builds the new record, or returns the reason to reject it if a value cannot be cast. */
export function compileSelect(plan: SelectPlan): Change {
  return plan.open ? compileOpen(plan) : compileFixed(plan.columns);
}

/** Compiles source code that names each field, because a loop over the names takes seven times as long. */
function compileFixed(columns: readonly Column[]): Change {
  const converters = columns.map(converter);
  const lines = columns.map(({ name, as }, index) => {
    const key = JSON.stringify(as);
    const set = as === '__proto__' ? `setField(out, ${key}, value)` : `out[${key}] = value`;
    const convert =
      converters[index] === undefined
        ? ''
        : `value = converters[${index}](value); if (value instanceof Refused) return value.reason;`;
    return `value = ${readField('record', name)}; ${convert} if (value !== undefined) ${set};`;
  });
  const body = `return (record) => { const out = {}; let value; ${lines.join('\n')} return out; };`;
  return new Function('converters', 'Refused', 'setField', body)(converters, Refused, setField) as Change;
}

/** Handles records whose fields are not all known: fields without a column pass unchanged. */
function compileOpen({ columns, drop, trimAll }: SelectPlan): Change {
  const known = new Map(columns.map((column) => [column.name, { ...column, convert: converter(column) }]));
  const targets = new Map(columns.map(({ name, as }) => [as, name]));
  const fallbacks = columns.filter(({ fallback }) => fallback !== undefined);
  return (record) => {
    const out: JsonRecord = {};
    for (const name of Object.keys(record)) {
      if (drop.has(name)) continue;
      const column = known.get(name);
      let value: Json | undefined | Refused = record[name]!;
      if (column?.convert !== undefined) value = column.convert(value);
      else if (column === undefined && trimAll && typeof value === 'string') value = value.trim();
      if (value instanceof Refused) return value.reason;
      if (column === undefined && targets.has(name)) throw twins(targets.get(name)!, name, name);
      if (value !== undefined) setField(out, column?.as ?? name, value);
    }
    for (const { name, as, fallback } of fallbacks) if (!Object.hasOwn(record, name)) setField(out, as, fallback!);
    return out;
  };
}

/** Makes a function that trims, defaults and casts one field; undefined if its values stay as they are. */
function converter({ name, trim, cast, fallback }: Column): Convert | undefined {
  if (!trim && cast === undefined && fallback === undefined) return undefined;
  const change = cast === undefined ? undefined : CASTS[cast].cast;
  return (value) => {
    if (value === undefined || value === null) return fallback === undefined ? value : fallback;
    const trimmed = trim && typeof value === 'string' ? value.trim() : value;
    if (cast === undefined || change === undefined) return trimmed;
    const result = change(trimmed);
    return result === undefined ? new Refused(whyNot(cast, name, trimmed)) : result;
  };
}
