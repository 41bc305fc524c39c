import type { Json } from '@aries-data/sdk';
import type { CastRule } from './cast-rule.ts';
import { numberText } from './decimal.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Never fails: a value that is not text becomes its JSON text. */
export const string: CastRule = {
  noun: 'text',
  cast: (value) => numberText(value) ?? JSON.stringify(value),
};

const BOOLEANS = new Map<Json, boolean>([
  ...['true', 't', 'yes', '1'].map((text): [Json, boolean] => [text, true]),
  ...['false', 'f', 'no', '0'].map((text): [Json, boolean] => [text, false]),
  [true, true],
  [false, false],
  [1, true],
  [0, false],
]);

export const boolean: CastRule = {
  noun: 'a boolean',
  cast: (value) => BOOLEANS.get(typeof value === 'string' ? value.toLowerCase() : value),
};

export const uuid: CastRule = {
  noun: 'a uuid',
  cast: (value) => (typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined),
};

/** Keeps a string, which must already be JSON text; writes any other value as JSON text. */
export const json: CastRule = {
  noun: 'JSON text',
  cast(value) {
    if (typeof value !== 'string') return numberText(value) ?? JSON.stringify(value);
    try {
      JSON.parse(value);
      return value;
    } catch {
      return undefined;
    }
  },
};
