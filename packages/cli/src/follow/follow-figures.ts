import type { FollowedRun } from '@aries-data/engine';
import type { DriftFigures } from '../report/drift-figures.ts';
import { addDrift, driftFiguresOf, NO_DRIFT } from '../report/drift-figures.ts';

/** What committed loads took of one stream, or of all; over all runs so far. */
export interface LoadedFigures {
  records: number;
  rejected: number;
  /** Records that were deleted, marked or closed in the target. */
  deleted: number;
}

/** Figures of one stream over all runs so far. */
export interface FollowedStream extends LoadedFigures {
  drift: DriftFigures;
}

/** Figures of all runs of `aries run --follow`. Times are milliseconds since 1970. */
export interface FollowFigures {
  readonly everyMs: number;
  readonly start: number;
  /** Runs by how they ended. A run that committed no record counts as `nothing`. */
  readonly runs: { loaded: number; nothing: number; failed: number };
  readonly streams: Map<string, FollowedStream>;
  readonly total: LoadedFigures;
  /** Runs that have failed since the last one that did not. */
  failures: number;
  /** When the first of them ended. */
  failingSince?: number;
  /** When a run last ended well. */
  lastSuccess?: number;
  /** When a step last reported records. */
  lastProgress?: number;
}

/** Starts the figures of runs that follow each other. */
export function followFigures(everySeconds: number, start: number): FollowFigures {
  return {
    everyMs: everySeconds * 1000,
    start,
    runs: { loaded: 0, nothing: 0, failed: 0 },
    streams: new Map(),
    total: { records: 0, rejected: 0, deleted: 0 },
    failures: 0,
  };
}

/** Adds a run that has ended. Only what a load has committed is counted. */
export function addRun(figures: FollowFigures, run: FollowedRun, at: number): void {
  if (run.outcome === 'failed') {
    figures.runs.failed++;
    figures.failures++;
    figures.failingSince ??= at;
    return;
  }
  figures.failures = 0;
  delete figures.failingSince;
  figures.lastSuccess = at;
  const loaded = run.outcome === 'loaded' ? loadedOf(run.result) : [];
  figures.runs[loaded.some(hasAny) ? 'loaded' : 'nothing']++;
  for (const { stream, drift, ...counts } of loaded) {
    const before = figures.streams.get(stream) ?? { ...NOTHING, drift: NO_DRIFT };
    figures.streams.set(stream, { ...add(before, counts), drift: addDrift(before.drift, drift) });
    Object.assign(figures.total, add(figures.total, counts));
  }
}

type FollowedResult = Extract<FollowedRun, { outcome: 'loaded' }>['result'];

/** Returns what a run has loaded of each stream. Records that an earlier step has rejected count as well. */
export function loadedOf({ streams, steps }: Pick<FollowedResult, 'streams' | 'steps'>) {
  return Object.entries(streams).map(([stream, { records, deleted = 0, drift }]) => ({
    stream,
    records,
    rejected: Object.values(steps).reduce((sum, step) => sum + (step.streams[stream]?.rejected ?? 0), 0),
    deleted,
    drift: driftFiguresOf(drift),
  }));
}

const NOTHING: LoadedFigures = { records: 0, rejected: 0, deleted: 0 };

/** Returns true if anything was loaded, rejected or deleted. */
export function hasAny({ records, rejected, deleted }: LoadedFigures): boolean {
  return records + rejected + deleted > 0;
}

function add(one: LoadedFigures, other: LoadedFigures): LoadedFigures {
  return {
    records: one.records + other.records,
    rejected: one.rejected + other.rejected,
    deleted: one.deleted + other.deleted,
  };
}
