import type { Json } from '@aries-data/sdk';
import type { Config } from '../config.ts';

/** Rounds a time down to whole seconds since 1970. Reading begins there, or on the first day of the config. */
export function firstSecond({ startDate }: Config, since: string | undefined): number | undefined {
  const both = [seconds(startDate), since === undefined ? undefined : Math.floor(Date.parse(since) / 1000)];
  const known = both.filter((second) => second !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Rounds a time up to whole seconds since 1970. */
export function seconds(time: string | undefined): number | undefined {
  return time === undefined ? undefined : Math.ceil(Date.parse(time) / 1000);
}

/** Converts seconds since 1970 to a date-time. */
export function timeOf(value: Json | undefined): Json {
  return typeof value === 'number' ? new Date(value * 1000).toISOString().replace('.000', '') : (value ?? null);
}
