import { AriesError, type Field, type FieldKind, type Json, type JsonRecord } from '@aries-data/sdk';
import { canonicalDecimal, integerText, numberText, parseDecimal } from './decimal.ts';
import { fieldGetter } from './fields.ts';
import { parseInstant, parseTime } from './instant.ts';
import { show } from './show.ts';

/** Returns the same text for equal keys, however their values are written, or the reason why a record has no key. */
export type KeyReader = (record: JsonRecord) => string | { reason: string };

/** Makes a function that reads the key of these fields. Throws `CONFIG_INVALID` if a field cannot be part of a key. */
export function keyReader(fields: readonly Field[]): KeyReader {
  const parts = fields.map(({ name, kind }) => {
    if (kind === 'object' || kind === 'array' || kind === 'json') {
      throw new AriesError('CONFIG_INVALID', `key: ${JSON.stringify(name)} is ${kind}, which cannot be part of a key`, {
        hint: 'Cast it to string with select first.',
      });
    }
    return { name, get: fieldGetter(name), text: TEXTS[kind] ?? plainText };
  });
  return (record) => {
    const texts: string[] = [];
    for (const { name, get, text } of parts) {
      const value = get(record) ?? null;
      if (value === null) return { reason: `${JSON.stringify(name)} is null or missing, and a key needs it` };
      const part = text(value);
      if (part === undefined) return { reason: `${show(name, value)} cannot be part of a key` };
      texts.push(part);
    }
    // JSON tells ["a,b", "c"] from ["a", "b,c"] and makes a copy: a substring would keep the whole string in memory.
    return JSON.stringify(texts);
  };
}

const TEXTS: { [K in FieldKind]?: (value: Json) => string | undefined } = {
  int64: integer,
  integer,
  decimal,
  number: decimal,
  date: instant,
  'date-time': instant,
  time: (value) => (typeof value === 'string' ? parseTime(value) : undefined),
  uuid: (value) => (typeof value === 'string' ? value.toLowerCase() : undefined),
  any: (value) =>
    typeof value === 'string' ? `"${value}` : typeof value === 'boolean' ? String(value) : decimal(value),
};

function plainText(value: Json): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'boolean' ? String(value) : undefined;
}

function integer(value: Json): string | undefined {
  const text = numberText(value);
  if (text === undefined || /^-?[1-9]\d{0,18}$/.test(text)) return text;
  const parsed = parseDecimal(text);
  return parsed === undefined ? undefined : integerText(parsed);
}

function decimal(value: Json): string | undefined {
  const text = numberText(value);
  const parsed = text === undefined ? undefined : parseDecimal(text);
  return parsed === undefined ? undefined : canonicalDecimal(parsed);
}

function instant(value: Json): string | undefined {
  const parsed = typeof value === 'string' ? parseInstant(value) : undefined;
  return parsed === undefined ? undefined : `${parsed.seconds}.${parsed.fraction}`;
}
