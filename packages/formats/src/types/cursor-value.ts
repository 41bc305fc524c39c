import { type FieldSchema, kindOf } from '@aries-data/sdk';
import { isDecimal, isInt64 } from '@aries-data/sdk/internal';
import { isDate, isFarDate, isFarDateTime, isLocalDateTime, isTime, isZonedDateTime } from './date-text.ts';

/** Longer than any real key. Cursor texts are compared, stored in the state and passed to the source. */
const MOST_CHARACTERS = 100_000;

/** Returns true if a text is a cursor value for this schema, in the form that states and windows use. */
export function isCursorValue(text: string, schema: FieldSchema): boolean {
  switch (kindOf(schema)) {
    case 'integer':
    case 'int64':
      return isInt64(text);
    case 'number':
      return /^-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?|Infinity)$|^NaN$/.test(text);
    case 'decimal':
      return isDecimal(text);
    case 'date':
      return isDate(text) || isFarDate(text);
    case 'time':
      return isTime(text);
    case 'date-time': {
      const zoned = schema.zone !== 'none';
      // A state capped at the time of reading has a zone, even if the cursor does not.
      return isZonedDateTime(text) || (!zoned && isLocalDateTime(text)) || isFarDateTime(text, zoned);
    }
    case 'uuid':
      return /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text);
    case 'boolean':
      return text === 'true' || text === 'false';
    default:
      return text.length <= MOST_CHARACTERS && text.isWellFormed();
  }
}
