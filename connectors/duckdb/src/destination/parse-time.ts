import { daysOfCivil } from '@aries-data/formats';

/**
 * Converts dates and times from the text of records to the numbers that DuckDB stores. Nothing is rounded: a text that has no exact number
 * gives `undefined`. Years before 1 are written as in PostgreSQL: `0044-03-15 BC`.
 */

const MICROS_PER_SECOND = 1_000_000;
const SECONDS_PER_DAY = 86_400;
const MICROS_PER_DAY = SECONDS_PER_DAY * MICROS_PER_SECOND;

/** The numbers that DuckDB stores for `infinity` and `-infinity`. */
const INFINITE_DAYS = 2_147_483_647;
const INFINITE_MICROS = 9_223_372_036_854_775_807n;
/** The first instant of DuckDB's calendar. The last one is just before `infinity`. */
const FIRST_MICROS = -9_223_372_022_400_000_000n;
/** 5877642-06-25 BC and 5881580-07-10. */
const FIRST_DAY = -2_147_483_646;
const LAST_DAY = 2_147_483_646;

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/;
const DATE_TIME = /^(\d{4,7}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d(?::?\d\d(?::\d\d)?)?)?( BC)?$/;

/** Returns the days since 1970-01-01. */
export function parseDate(text: string): number | undefined {
  if (text === 'infinity') return INFINITE_DAYS;
  if (text === '-infinity') return -INFINITE_DAYS;
  const [, year = '', month = '', day = '', era] = DATE.exec(text) ?? [];
  if (year === '') return undefined;
  const days = daysOfCivil(era === undefined ? Number(year) : 1 - Number(year), Number(month), Number(day));
  const inRange = days !== undefined && days >= FIRST_DAY && days <= LAST_DAY;
  return inRange && (era === undefined || Number(year) > 0) ? days : undefined;
}

/** Returns the microseconds since midnight. `24:00:00` is the end of the day. */
export function parseTime(text: string): number | undefined {
  const [, hour = '', minute = '', second = '0', fraction = ''] = TIME.exec(text) ?? [];
  if (hour === '' || Number(minute) > 59 || Number(second) > 59) return undefined;
  const sub = microsOf(fraction);
  if (sub === undefined) return undefined;
  const micros = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * MICROS_PER_SECOND + sub;
  return micros <= MICROS_PER_DAY ? micros : undefined;
}

/** Returns the microseconds since 1970: in UTC if the date-time must have a zone, else as its clock shows. */
export function parseDateTime(text: string, zoned: boolean): bigint | undefined {
  return parseUsual(text, zoned) ?? parseUnusual(text, zoned);
}

/** `2024-05-06T07:08:09.123456Z` and the like: a year of four digits, no offset. */
function parseUsual(text: string, zoned: boolean): bigint | undefined {
  const end = zoned ? text.length - 1 : text.length;
  if (end < 19 || (zoned && text.charCodeAt(end) !== 90)) return undefined;
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45 || text.charCodeAt(13) !== 58) return undefined;
  if (text.charCodeAt(10) !== 84 || text.charCodeAt(16) !== 58) return undefined;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const days = daysOfCivil(year, twoDigits(text, 5), twoDigits(text, 8));
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  if (days === undefined || !(year >= 0 && hour < 24 && minute < 60 && second < 60)) return undefined;
  let micros = 0;
  if (end > 19) {
    if (text.charCodeAt(19) !== 46 || end === 20 || end > 26) return undefined;
    for (let at = 20; at < 26; at++) micros = micros * 10 + (at < end ? digit(text, at) : 0);
    if (!(micros >= 0)) return undefined;
  }
  const seconds = days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second;
  return together(seconds, micros);
}

function parseUnusual(text: string, zoned: boolean): bigint | undefined {
  if (text === 'infinity') return INFINITE_MICROS;
  if (text === '-infinity') return -INFINITE_MICROS;
  const [, date = '', time = '', zone, era = ''] = DATE_TIME.exec(text) ?? [];
  if (date === '' || (zone !== undefined) !== zoned) return undefined;
  const days = parseDate(date + era);
  const micros = parseTime(time);
  const offset = zone === undefined ? 0 : offsetOf(zone);
  if (days === undefined || micros === undefined || micros === MICROS_PER_DAY || offset === undefined) return undefined;
  const whole = Math.floor(micros / MICROS_PER_SECOND);
  const instant = together(days * SECONDS_PER_DAY + whole - offset, micros - whole * MICROS_PER_SECOND);
  return instant >= FIRST_MICROS && instant < INFINITE_MICROS ? instant : undefined;
}

// Up to the year 2255 a double holds the microseconds.
function together(seconds: number, micros: number): bigint {
  return seconds > -9e9 && seconds < 9e9
    ? BigInt(seconds * MICROS_PER_SECOND + micros)
    : BigInt(seconds) * 1_000_000n + BigInt(micros);
}

function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0');
  const [hours, minutes, seconds] = [twoDigits(digits, 0), twoDigits(digits, 2), twoDigits(digits, 4)];
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
}

/** Returns the microseconds of the digits after the point; undefined if more than six of them count. */
function microsOf(fraction: string): number | undefined {
  if (fraction.length > 6 && /[1-9]/.test(fraction.slice(6))) return undefined;
  return Number(fraction.slice(0, 6).padEnd(6, '0'));
}

/** Reads two digits; NaN if one of them is not a digit. */
function twoDigits(text: string, at: number): number {
  return digit(text, at) * 10 + digit(text, at + 1);
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}
