import type { Json } from '@aries-data/sdk';
import type { CastRule } from './cast-rule.ts';
import { parseInstant, parseTime } from './instant.ts';

const DATE_TIME = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(:\d\d)?(?:\.(\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)?)?$/;
const TOO_FINE = 'has digits beyond microseconds';

export const date: CastRule = {
  noun: 'a date',
  cast(value) {
    const parts = read(value);
    // Midnight UTC means the same as its date; any other time of day would be lost.
    return parts !== undefined && parts.rest === 'T00:00:00Z' && !/[1-9]/.test(parts.fraction) ? parts.day : undefined;
  },
  hint: (value) => (read(value) === undefined ? undefined : 'is not a date: it has a time of day'),
};

export const time: CastRule = {
  noun: 'a time',
  cast(value) {
    if (typeof value !== 'string' || parseTime(value) === undefined) return undefined;
    const [clock = '', fraction = ''] = value.split('.');
    return isTooFine(fraction) ? undefined : `${clock}${clock.length === 5 ? ':00' : ''}${afterPoint(fraction)}`;
  },
  hint: (value) => (typeof value === 'string' && parseTime(value) !== undefined ? TOO_FINE : undefined),
};

/** Writes RFC 3339: a `T` between date and time, seconds, and a zone. A date becomes its midnight; without a zone it is UTC. */
export const dateTime: CastRule = {
  noun: 'a date-time',
  cast(value) {
    const parts = read(value);
    if (parts === undefined || isTooFine(parts.fraction)) return undefined;
    return parts.day + parts.rest.slice(0, 9) + afterPoint(parts.fraction) + parts.rest.slice(9);
  },
  hint: (value) => (read(value) === undefined ? undefined : TOO_FINE),
};

/** Splits a timestamp into its day, its fraction of a second, and the rest in full: `T10:00:00+02:00`. */
function read(value: Json): { day: string; rest: string; fraction: string } | undefined {
  const match = typeof value === 'string' && parseInstant(value) !== undefined ? DATE_TIME.exec(value) : null;
  if (match === null) return undefined;
  const [, day = '', minutes = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = match;
  return { day, rest: `T${minutes}${seconds}${fullZone(zone)}`, fraction };
}

function fullZone(zone: string): string {
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return zone === 'Z' || zone === 'z' || digits === '0000' ? 'Z' : `${zone[0]}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

function isTooFine(fraction: string): boolean {
  return /[1-9]/.test(fraction.slice(6));
}

function afterPoint(fraction: string): string {
  return fraction === '' ? '' : `.${fraction.slice(0, 6)}`;
}
