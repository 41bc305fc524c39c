/** How an API wants to be told a moment. */
export const MOMENT_FORMATS = ['text', 'date-time', 'date', 'seconds', 'milliseconds', 'decimal-seconds'] as const;
export type MomentFormat = (typeof MOMENT_FORMATS)[number];

const MICROSECONDS = 1_000_000n;

/**
 * A bound of a window as an API wants it. Where a format holds less than the bound says, the lower one is rounded down and the
 * upper one up: rather too many records, which are dropped, than too few. What is no moment, such as a number, stays.
 */
export function formatBound(
  bound: string,
  side: 'since' | 'until',
  { format = 'text', overlap = 0 }: { format?: MomentFormat | undefined; overlap?: number | undefined } = {},
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

/** The date-time of a number of seconds or milliseconds since 1970, to the microsecond; undefined where it is no number. */
export function dateTimeOfNumber(text: string, unit: 'seconds' | 'milliseconds'): string | undefined {
  const [, sign, whole = '', fraction = ''] = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const places = unit === 'seconds' ? 6 : 3;
  const microseconds = BigInt(whole + fraction.slice(0, places).padEnd(places, '0'));
  return dateTimeOf(sign === '-' ? -microseconds : microseconds);
}

/** Microseconds since 1970 of a date or a date-time, which is UTC where it names no zone. */
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
