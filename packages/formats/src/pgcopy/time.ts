import { civilOfDays, daysOfCivil } from '../types/calendar.ts';
import { putLength, reserve, type Sink } from './block.ts';
import type { ReadValue, WriteValue } from './values.ts';

// Days and microseconds since 2000-01-01. The minimum and maximum of the type mean infinity:
// https://github.com/postgres/postgres/blob/master/src/include/datatype/timestamp.h
const DAY_MICROSECONDS = 86_400_000_000;
/** Days from 1970-01-01 to 2000-01-01. */
const DAYS_TO_2000 = 10_957;
const INFINITE_DATE = 2 ** 31 - 1;
const NEGATIVE_INFINITE_DATE = -(2 ** 31);
const INFINITE = 2n ** 63n - 1n;
const NEGATIVE_INFINITE = -(2n ** 63n);
/** 4713-11-24 BC, and the day after 5874897-12-31. */
const FIRST_DAY = -2_451_545;
const END_OF_DATES = 2_145_031_949;
/** The day after 294276-12-31. */
const END_OF_TIMESTAMPS = 106_751_983;

const TWO = Array.from({ length: 100 }, (_, index) => String(index).padStart(2, '0'));

export const readDate: ReadValue = ({ view }, from) => {
  const day = view.getInt32(from);
  if (day === INFINITE_DATE) return 'infinity';
  if (day === NEGATIVE_INFINITE_DATE) return '-infinity';
  if (day < FIRST_DAY || day >= END_OF_DATES) return undefined;
  const text = dateText(day);
  return isBefore(day) ? `${text} BC` : text;
};

export const readTime: ReadValue = ({ view }, from) => {
  const time = view.getInt32(from) * 4294967296 + view.getUint32(from + 4);
  return time < 0 || time > DAY_MICROSECONDS ? undefined : timeText(time);
};

/** Makes the reader of timestamps. `zone` is appended to them in records. */
export function timestampReader(zone: '' | 'Z'): ReadValue {
  return ({ view }, from) => {
    const high = view.getInt32(from);
    let day: number;
    let time: number;
    if (high > -1_000_000 && high < 1_000_000) {
      const value = high * 4294967296 + view.getUint32(from + 4);
      day = Math.floor(value / DAY_MICROSECONDS);
      time = value - day * DAY_MICROSECONDS;
    } else {
      // A double cannot hold this exactly.
      const value = view.getBigInt64(from);
      if (value === INFINITE) return 'infinity';
      if (value === NEGATIVE_INFINITE) return '-infinity';
      const microseconds = BigInt(DAY_MICROSECONDS);
      const rest = value % microseconds;
      time = Number(rest < 0n ? rest + microseconds : rest);
      day = Number((value - BigInt(time)) / microseconds);
    }
    if (day < FIRST_DAY || day >= END_OF_TIMESTAMPS) return undefined;
    const text = `${dateText(day)}T${timeText(time)}${zone}`;
    return isBefore(day) ? `${text} BC` : text;
  };
}

/** First day of the year 1. */
const FIRST_OF_OUR_ERA = -730_119;

function isBefore(day: number): boolean {
  return day < FIRST_OF_OUR_ERA;
}

let lastDay = 0;
let lastText = '2000-01-01';

/** Formats year, month and day, without the era. Caches the last day, because adjacent rows often share it. */
function dateText(day: number): string {
  if (day === lastDay) return lastText;
  const { year, month, day: date } = civilOfDays(day + DAYS_TO_2000);
  const shown = String(year > 0 ? year : 1 - year).padStart(4, '0');
  lastDay = day;
  lastText = `${shown}-${TWO[month]}-${TWO[date]}`;
  return lastText;
}

function timeText(microseconds: number): string {
  const seconds = Math.floor(microseconds / 1_000_000);
  const fraction = microseconds - seconds * 1_000_000;
  const minutes = (seconds / 60) | 0;
  const hours = (minutes / 60) | 0;
  const text = `${TWO[hours]}:${TWO[minutes - hours * 60]}:${TWO[seconds - minutes * 60]}`;
  if (fraction === 0) return text;
  return `${text}.${String(fraction)
    .padStart(6, '0')
    .replace(/0{1,6}$/, '')}`;
}

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)( BC)?$/;

export const writeDate: WriteValue = (sink, value) => {
  if (typeof value !== 'string') return false;
  if (value === 'infinity') return putDay(sink, INFINITE_DATE);
  if (value === '-infinity') return putDay(sink, NEGATIVE_INFINITE_DATE);
  const [, year, month, date, era] = DATE.exec(value) ?? [];
  const day = year === undefined ? undefined : dayOf(Number(year), Number(month), Number(date), era !== undefined);
  return day !== undefined && day >= FIRST_DAY && day < END_OF_DATES && putDay(sink, day);
};

const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?$/;

export const writeTime: WriteValue = (sink, value) => {
  const [, hours, minutes, seconds, fraction] = (typeof value === 'string' && TIME.exec(value)) || [];
  const time = hours === undefined ? undefined : timeOf(hours, minutes, seconds, fraction);
  return time !== undefined && putMicroseconds(sink, BigInt(time));
};

const TIMESTAMP =
  /^(\d{4,6})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?(Z|[+-]\d\d(?::\d\d){0,2})?( BC)?$/i;

const FIRST_TIMESTAMP = BigInt(FIRST_DAY) * BigInt(DAY_MICROSECONDS);
const END_OF_TIMESTAMP = BigInt(END_OF_TIMESTAMPS) * BigInt(DAY_MICROSECONDS);

/** Makes the writer of timestamps, with or without a zone in records. */
export function timestampWriter(zone: '' | 'Z'): WriteValue {
  return (sink, value) => {
    if (typeof value !== 'string') return false;
    if (value === 'infinity') return putMicroseconds(sink, INFINITE);
    if (value === '-infinity') return putMicroseconds(sink, NEGATIVE_INFINITE);
    const [, year, month, date, hours, minutes, seconds, fraction, offset, era] = TIMESTAMP.exec(value) ?? [];
    if (year === undefined || (offset === undefined) !== (zone === '')) return false;
    const day = dayOf(Number(year), Number(month), Number(date), era !== undefined);
    const time = timeOf(hours!, minutes, seconds, fraction);
    if (day === undefined || time === undefined) return false;
    const local = BigInt(day) * BigInt(DAY_MICROSECONDS) + BigInt(time);
    const instant = offset === undefined ? local : local - BigInt(offsetOf(offset)) * 1_000_000n;
    return instant >= FIRST_TIMESTAMP && instant < END_OF_TIMESTAMP && putMicroseconds(sink, instant);
  };
}

/** Returns days since 2000-01-01, or undefined if the month has no such day. */
function dayOf(shown: number, month: number, date: number, before: boolean): number | undefined {
  const days = shown === 0 ? undefined : daysOfCivil(before ? 1 - shown : shown, month, date);
  return days === undefined ? undefined : days - DAYS_TO_2000;
}

/** Returns microseconds since midnight. 24:00 is the end of the day. */
function timeOf(hours: string, minutes = '0', seconds = '0', fraction = ''): number | undefined {
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const time = whole * 1_000_000 + Number(fraction.padEnd(6, '0'));
  return Number(minutes) > 59 || Number(seconds) > 59 || time > DAY_MICROSECONDS ? undefined : time;
}

/** Returns seconds east of UTC. */
function offsetOf(offset: string): number {
  if (offset === 'Z' || offset === 'z') return 0;
  const [hours = 0, minutes = 0, seconds = 0] = offset.slice(1).split(':').map(Number);
  return (offset[0] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
}

function putDay(sink: Sink, day: number): true {
  reserve(sink, 8);
  putLength(sink, 4);
  sink.view.setInt32(sink.at, day);
  sink.at += 4;
  return true;
}

function putMicroseconds(sink: Sink, value: bigint): true {
  reserve(sink, 12);
  putLength(sink, 8);
  sink.view.setBigInt64(sink.at, value);
  sink.at += 8;
  return true;
}
