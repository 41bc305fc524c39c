import { AriesError } from '@aries-data/sdk';

/** Which loaded runs to keep: those whose datasets were finished within `ms`, or the last ones. The newest is always kept. */
export type Retention = { ms: number } | { last: number };

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** What a text for `parseAge` looks like. */
export const AGE = /^(\d{1,9})([smhdw])$/;

/**
 * Parses an age, such as `7d`, to milliseconds. Throws `USAGE`.
 *
 * @example
 * parseAge('36h'); // 129600000
 */
export function parseAge(text: string): number {
  const [, amount, unit] = AGE.exec(text) ?? [];
  if (amount === undefined) {
    throw new AriesError('USAGE', `"${text}" is not an age`, {
      hint: 'Give a number and a unit: 90m, 36h, 7d or 4w.',
    });
  }
  return Number(amount) * UNITS[unit as keyof typeof UNITS];
}
