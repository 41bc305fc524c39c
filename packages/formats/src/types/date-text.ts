const YEAR_MONTH_DAY = String.raw`(?!0000)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const HOURS_MINUTES = String.raw`(?:[01]\d|2[0-3]):[0-5]\d`;
const SECONDS = String.raw`:[0-5]\d(?:\.\d{1,6})?`;
// Neither PostgreSQL nor the real world has offsets of 16 hours or more.
const OFFSET = String.raw`[+-](?:0\d|1[0-5]):[0-5]\d`;

const DATE = new RegExp(`^${YEAR_MONTH_DAY}$`);
const TIME = new RegExp(`^(?:${HOURS_MINUTES}(?:${SECONDS})?|24:00:00(?:\\.0{1,6})?)$`);
const ZONED = new RegExp(`^${YEAR_MONTH_DAY}T${HOURS_MINUTES}(?:${SECONDS})?(?:Z|${OFFSET})$`);
const LOCAL = new RegExp(`^${YEAR_MONTH_DAY}T${HOURS_MINUTES}(?:${SECONDS})?$`);

/** Dates that only PostgreSQL has: years of five or more digits, years BC, infinity, offsets with seconds. */
const FAR_DATE = /^(?:-?infinity|\d{4,7}-\d\d-\d\d(?: BC)?)$/;
const FAR_DATE_TIME =
  /^(?:-?infinity|\d{4,7}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(Z|[+-]\d\d:\d\d(?::\d\d)?)?(?: BC)?)$/;

/** Returns true if a text is a valid date, `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  return DATE.test(text) && isDayOfMonth(text);
}

/** Returns true if a text is a time of day, `HH:MM[:SS[.ffffff]]`. */
export function isTime(text: string): boolean {
  return TIME.test(text);
}

/** Returns true if a text is a date-time with a zone, `YYYY-MM-DDTHH:MM[:SS[.ffffff]]` and `Z` or `±HH:MM`. */
export function isZonedDateTime(text: string): boolean {
  return ZONED.test(text) && isDayOfMonth(text);
}

/** Returns true if a text is a date-time without a zone. */
export function isLocalDateTime(text: string): boolean {
  return LOCAL.test(text) && isDayOfMonth(text);
}

/** Returns true if a text is a date that PostgreSQL has and ISO 8601 lacks: `infinity`, `0044-03-15 BC`. */
export function isFarDate(text: string): boolean {
  return FAR_DATE.test(text);
}

/** Returns true if a text is a date-time that PostgreSQL has and RFC 3339 lacks, with or without a zone. */
export function isFarDateTime(text: string, zoned: boolean): boolean {
  const match = FAR_DATE_TIME.exec(text);
  return match !== null && (text.endsWith('infinity') || (match[1] !== undefined) === zoned);
}

const ZERO = 48;

/** Returns true if the month of a `YYYY-MM-DD…` has its day. Both are known to be in range. */
function isDayOfMonth(text: string): boolean {
  const day = (text.charCodeAt(8) - ZERO) * 10 + text.charCodeAt(9) - ZERO;
  if (day <= 28) return true;
  const month = (text.charCodeAt(5) - ZERO) * 10 + text.charCodeAt(6) - ZERO;
  if (month === 2) return day === 29 && isLeapYear(Number(text.slice(0, 4)));
  return day <= 30 || (month !== 4 && month !== 6 && month !== 9 && month !== 11);
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
