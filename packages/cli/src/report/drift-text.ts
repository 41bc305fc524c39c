import type { Drift } from '@aries-data/engine';

/** Lists the fields that differ from those loaded before, for people. */
export function driftText({ appeared, vanished, changed }: Drift): string {
  return [
    ...appeared.map(({ field, type }) => `new field "${field}" (${type})`),
    ...vanished.map(({ field, type }) => `field "${field}" (${type}) is gone`),
    ...changed.map(({ field, from, to }) => `field "${field}" was ${from} and is now ${to}`),
  ].join(', ');
}
