import { daysOfCivil } from '@aries-data/formats';

/** A point in time: seconds since 1970 and the digits of the fraction, without trailing zeros. */
export interface Instant {
  seconds: number;
  fraction: string;
}

const INSTANT =
  /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?([Zz]|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?)?( BC)?$/;
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?$/;

/** Parses a date, or a date and time, as JSON or PostgreSQL writes it; without a zone it is UTC. Undefined for other text. */
export function parseInstant(text: string): Instant | undefined {
  const match = INSTANT.exec(text);
  if (match === null) return infinite(text);
  const year = match[9] === undefined ? Number(match[1]) : 1 - Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hour = Number(match[4] ?? 0);
  const minute = Number(match[5] ?? 0);
  const second = Number(match[6] ?? 0);
  const days = daysOfCivil(year, month, day);
  if (days === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offsetSeconds(match[8]);
  return { seconds, fraction: withoutZeros(match[7] ?? '') };
}

/** Compares two instants for sorting. */
export function compareInstants(a: Instant, b: Instant): number {
  if (a.seconds !== b.seconds) return a.seconds < b.seconds ? -1 : 1;
  // Without trailing zeros, fractions compare as text.
  return a.fraction === b.fraction ? 0 : a.fraction < b.fraction ? -1 : 1;
}

/** Normalises a time of day to `HH:MM:SS[.fraction]`, so that times compare as text; undefined for other text. */
export function parseTime(text: string): string | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, hour, minute, second = '00', fraction = ''] = match;
  const midnight = hour === '24' && minute === '00' && second === '00' && !/[1-9]/.test(fraction);
  if (!midnight && (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59)) return undefined;
  const digits = withoutZeros(fraction);
  return `${hour}:${minute}:${second}${digits === '' ? '' : `.${digits}`}`;
}

function infinite(text: string): Instant | undefined {
  if (text === 'infinity') return { seconds: Number.POSITIVE_INFINITY, fraction: '' };
  return text === '-infinity' ? { seconds: Number.NEGATIVE_INFINITY, fraction: '' } : undefined;
}

function offsetSeconds(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replaceAll(':', '').padEnd(6, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4));
  return zone[0] === '-' ? -seconds : seconds;
}

function withoutZeros(fraction: string): string {
  let end = fraction.length;
  while (end > 0 && fraction[end - 1] === '0') end--;
  return fraction.slice(0, end);
}
