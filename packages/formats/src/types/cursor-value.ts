import { type FieldSchema, kindOf } from '@aries-data/sdk';
import { isDecimal, isInt64 } from '@aries-data/sdk/internal';
import { isDate, isFarDate, isFarDateTime, isLocalDateTime, isTime, isZonedDateTime } from './date-text.ts';

/** Texts of cursors are compared, kept in the state and handed to the source: so they are no longer than anybody's key. */
const MOST_CHARACTERS = 100_000;

/** Whether a text is a value of a cursor with this schema, in the form that state and windows have. */
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
      // A state that was capped at a moment is one with a zone, whatever the cursor has.
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
