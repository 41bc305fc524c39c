import { civilOfDays } from '@aries-data/formats';

/** Formats DuckDB's dates and times for records. Years before 1 are written as in PostgreSQL: `0044-03-15 BC`. */

const MICROS_PER_SECOND = 1_000_000;
const SECONDS_PER_DAY = 86_400;
/** DuckDB's stored values for `infinity`. */
const INFINITE_DAYS = 2_147_483_647;
const INFINITE_MICROS = 9_223_372_036_854_775_807n;

/** Formats days since 1970-01-01. */
export function formatDate(days: number): string {
  if (days === INFINITE_DAYS) return 'infinity';
  if (days === -INFINITE_DAYS) return '-infinity';
  const { text, bc } = civil(days);
  return bc ? `${text} BC` : text;
}

/** Formats microseconds since midnight. */
export function formatTime(micros: number): string {
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  return clock(seconds) + fractionText(String(micros - seconds * MICROS_PER_SECOND), 6);
}

/** Formats a count since 1970 in units of `10 ** -digits` seconds; `zone` is `Z` or nothing. */
export function formatDateTime(count: bigint, digits: 0 | 3 | 6 | 9, zone: '' | 'Z'): string {
  if (count === INFINITE_MICROS) return 'infinity';
  if (count === -INFINITE_MICROS) return '-infinity';
  const unit = UNITS[digits];
  let seconds: number;
  let rest: number;
  if (digits === 6 && count > -9_000_000_000_000_000n && count < 9_000_000_000_000_000n) {
    const micros = Number(count);
    seconds = Math.floor(micros / MICROS_PER_SECOND);
    rest = micros - seconds * MICROS_PER_SECOND;
  } else {
    const remainder = ((count % unit) + unit) % unit;
    rest = Number(remainder);
    seconds = Number((count - remainder) / unit);
  }
  const days = Math.floor(seconds / SECONDS_PER_DAY);
  const { text, bc } = civil(days);
  const fraction = rest === 0 ? '' : fractionText(String(rest), digits);
  return `${text}T${clock(seconds - days * SECONDS_PER_DAY)}${fraction}${zone}${bc ? ' BC' : ''}`;
}

const UNITS = { 0: 1n, 3: 1000n, 6: 1_000_000n, 9: 1_000_000_000n } as const;

const TWO_DIGITS = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));

function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  return `${TWO_DIGITS[hours]}:${TWO_DIGITS[minutes - hours * 60]}:${TWO_DIGITS[seconds - minutes * 60]}`;
}

function fractionText(rest: string, digits: number): string {
  const text = rest.padStart(digits, '0').replace(/0{1,9}$/, '');
  return text === '' ? '' : `.${text}`;
}

let lastDay = Number.NaN;
let lastCivil = { text: '', bc: false };

// Neighbouring rows often have the same day.
function civil(days: number): { text: string; bc: boolean } {
  if (days !== lastDay) {
    lastCivil = civilOf(days);
    lastDay = days;
  }
  return lastCivil;
}

function civilOf(days: number): { text: string; bc: boolean } {
  const { year, month, day } = civilOfDays(days);
  const bc = year <= 0;
  return { text: `${String(bc ? 1 - year : year).padStart(4, '0')}-${TWO_DIGITS[month]}-${TWO_DIGITS[day]}`, bc };
}
