/** Formats in which an API expects timestamps. */
export const TIMESTAMP_FORMATS = ['text', 'date-time', 'date', 'seconds', 'milliseconds', 'decimal-seconds'] as const;
export type TimestampFormat = (typeof TIMESTAMP_FORMATS)[number];

const MICROSECONDS = 1_000_000n;

/**
 * Formats a bound of a window for an API. If the format is less precise, the lower bound is rounded down and the upper one up: extra
 * records are dropped later. A bound that is not a timestamp, such as a number, stays as it is.
 */
export function formatBound(
  bound: string,
  side: 'since' | 'until',
  { format = 'text', overlap = 0 }: { format?: TimestampFormat | undefined; overlap?: number | undefined } = {},
): string {
  const exact = microsecondsOf(bound);
  if (exact === undefined || (format === 'text' && overlap === 0)) return bound;
  const moved = exact + BigInt(overlap) * (side === 'since' ? -MICROSECONDS : MICROSECONDS);
  const rounded = (unit: bigint) => (side === 'since' ? floor(moved, unit) : -floor(-moved, unit)) * unit;
  switch (format) {
    case 'text':
      return dateTimeOf(moved);
    case 'date-time':
      return dateTimeOf(rounded(MICROSECONDS));
    case 'date':
      return dateTimeOf(rounded(86_400n * MICROSECONDS)).slice(0, 10);
    case 'seconds':
      return String(rounded(MICROSECONDS) / MICROSECONDS);
    case 'milliseconds':
      return String(rounded(1000n) / 1000n);
    case 'decimal-seconds': {
      const digits = String(moved < 0n ? -moved : moved).padStart(7, '0');
      return `${moved < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
    }
  }
}

/** Converts seconds or milliseconds since 1970 to a date-time, to the microsecond. Returns undefined if the text is not a number. */
export function dateTimeOfNumber(text: string, unit: 'seconds' | 'milliseconds'): string | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const places = unit === 'seconds' ? 6 : 3;
  const microseconds = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  return dateTimeOf(sign === '-' ? -microseconds : microseconds);
}

/** Converts a date or date-time, without a zone in UTC, to an RFC 3339 date-time in UTC. Returns undefined if the text is neither. */
export function dateTimeOfText(text: string): string | undefined {
  const exact = microsecondsOf(text);
  return exact === undefined ? undefined : dateTimeOf(exact);
}

/** Parses a date or date-time to microseconds since 1970. Without a zone it is UTC. */
function microsecondsOf(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i.exec(text);
  if (match === null) return undefined;
  const [, date = '', time = '00:00', fraction = '', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${date}T${time}${zone.length === 3 ? `${zone}:00` : zone.toUpperCase()}`);
  if (Number.isNaN(milliseconds)) return undefined;
  return BigInt(milliseconds) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

function dateTimeOf(microseconds: bigint): string {
  const seconds = floor(microseconds, MICROSECONDS);
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return String(microseconds);
  const fraction = String(microseconds - seconds * MICROSECONDS)
    .padStart(6, '0')
    .replace(/0{1,6}$/, '');
  return `${date.toISOString().slice(0, -5)}${fraction === '' ? '' : `.${fraction}`}Z`;
}

function floor(value: bigint, unit: bigint): bigint {
  const quotient = value / unit;
  return value < 0n && value % unit !== 0n ? quotient - 1n : quotient;
}
