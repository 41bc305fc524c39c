import type { Drift } from '@aries-data/engine';

/** How many fields of a stream differ from those loaded before. */
export interface DriftFigures {
  appeared: number;
  vanished: number;
  changed: number;
}

export const NO_DRIFT: Readonly<DriftFigures> = { appeared: 0, vanished: 0, changed: 0 };

/** Counts the fields of a load's `drift`, which is left out if there is none. */
export function driftFiguresOf(drift: Drift | undefined): DriftFigures {
  if (drift === undefined) return { ...NO_DRIFT };
  return { appeared: drift.appeared.length, vanished: drift.vanished.length, changed: drift.changed.length };
}

export function addDrift(one: DriftFigures, other: DriftFigures): DriftFigures {
  return {
    appeared: one.appeared + other.appeared,
    vanished: one.vanished + other.vanished,
    changed: one.changed + other.changed,
  };
}
