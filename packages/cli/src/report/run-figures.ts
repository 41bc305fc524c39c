import type { Drift, FollowedRun, Progress, StepStart } from '@aries-data/engine';
import type { Backlog } from '@aries-data/sdk/internal';
import { addRun, type FollowFigures, followFigures } from '../follow/follow-figures.ts';
import { type DriftFigures, driftFiguresOf } from './drift-figures.ts';

/** Progress of one stream of a step. With `--follow`, of all runs so far, including those that failed. */
export interface StreamFigures {
  step: string;
  stream: string;
  records: number;
  rejected: number;
  bytes: number;
}

/** One step of the run, the last one with `--follow`; times are milliseconds since 1970. */
export interface StepFigures {
  step: string;
  start: number;
  /** Not set while it runs. */
  end?: number;
}

/** Figures of a command, while it runs and after it has ended, for the heartbeat, metrics and traces. */
export interface RunFigures {
  readonly command: string;
  readonly start: number;
  /** Name and id of the run, once a step has started. */
  name?: string;
  runId?: string;
  readonly steps: Map<string, StepFigures>;
  readonly streams: Map<string, StreamFigures>;
  /** Differences from the fields loaded before, by stream of the last load, also of one that was refused. */
  readonly drift: Map<string, DriftFigures>;
  /** What the source keeps until it is let go of, after the last read. */
  backlog: readonly Backlog[];
  /** `--follow` only. */
  followed?: FollowFigures;
  /** Not set while it runs. */
  ended?: { at: number; exitCode: number; error?: { code: string; message: string } };
}

/** Updates the figures of a run. */
export interface RunRecorder {
  figures: RunFigures;
  onStart(start: StepStart): void;
  onProgress(progress: Progress): void;
  onDrift(stream: string, drift: Drift): void;
  /** Says that runs follow each other, and returns what is counted over all of them. */
  follow(everySeconds: number): FollowFigures;
  /** Takes the figures of one of these runs, which has ended. */
  onRun(run: FollowedRun): void;
  /** Only the first call counts. */
  end(outcome: { result: object } | { error: { exitCode: number; code: string; message: string } }): void;
}

/** The members of a result that `end` reads, if the command has such a result. */
interface StepOutcome {
  step?: string;
  name?: string;
  runId?: string;
  durationMs?: number;
  backlog?: readonly Backlog[];
  streams?: Record<string, { records?: number; rejected?: number; bytes?: number }>;
  steps?: Record<string, StepOutcome>;
}

/** Keeps the figures of one command. `name` is its name as far as it is known before a step starts. */
export function recordRun(
  command: string,
  { name, now = Date.now }: { name?: string | undefined; now?: () => number } = {},
): RunRecorder {
  const figures: RunFigures = {
    command,
    start: now(),
    ...(name === undefined ? {} : { name }),
    steps: new Map(),
    streams: new Map(),
    drift: new Map(),
    backlog: [],
  };
  /** Progress of runs that have ended, to which that of the next one is added. */
  const before = new Map<string, StreamFigures>();
  let runEnded = false;

  function set(progress: StreamFigures): void {
    const key = keyOf(progress);
    const { records, rejected, bytes } = before.get(key) ?? { records: 0, rejected: 0, bytes: 0 };
    figures.streams.set(key, {
      ...progress,
      records: records + progress.records,
      rejected: rejected + progress.rejected,
      bytes: bytes + progress.bytes,
    });
  }

  function endSteps(at: number): void {
    for (const step of figures.steps.values()) step.end ??= at;
  }

  /** Takes the counts of a result, which are final; the last progress may have been a little behind. */
  function take(outcome: StepOutcome): void {
    const { step, streams = {} } = outcome;
    if (step === undefined) return;
    if (outcome.backlog !== undefined) figures.backlog = outcome.backlog;
    const known = figures.steps.get(step);
    if (known !== undefined && outcome.durationMs !== undefined) known.end = known.start + outcome.durationMs;
    for (const [stream, { records = 0, rejected = 0, bytes = 0 }] of Object.entries(streams)) {
      const key = keyOf({ step, stream });
      const seen = (figures.streams.get(key)?.bytes ?? 0) - (before.get(key)?.bytes ?? 0);
      set({ step, stream, records, rejected, bytes: Math.max(bytes, seen) });
    }
  }

  function takeAll(result: StepOutcome): void {
    for (const one of Object.values(result.steps ?? { only: result })) take(one);
  }

  return {
    figures,
    onStart({ step, name, runId }) {
      figures.name = name;
      figures.runId = runId;
      if (runEnded) figures.steps.clear();
      runEnded = false;
      if (figures.steps.has(step)) return;
      const at = now();
      if (command === 'run') endSteps(at);
      figures.steps.set(step, { step, start: at });
    },
    onProgress(progress) {
      set(progress);
      if (figures.followed !== undefined) figures.followed.lastProgress = now();
    },
    onDrift(stream, drift) {
      figures.drift.set(stream, driftFiguresOf(drift));
    },
    follow(everySeconds) {
      figures.followed = followFigures(everySeconds, now());
      return figures.followed;
    },
    onRun(run) {
      const at = now();
      if (run.outcome === 'loaded') takeAll(run.result as StepOutcome);
      for (const [key, stream] of figures.streams) before.set(key, stream);
      endSteps(at);
      runEnded = true;
      if (figures.followed !== undefined) addRun(figures.followed, run, at);
    },
    end(outcome) {
      if (figures.ended !== undefined) return;
      const at = now();
      if ('result' in outcome) {
        takeAll(outcome.result as StepOutcome);
        figures.ended = { at, exitCode: 0 };
      } else {
        const { exitCode, code, message } = outcome.error;
        figures.ended = { at, exitCode, error: { code, message } };
      }
      endSteps(at);
    },
  };
}

function keyOf({ step, stream }: { step: string; stream: string }): string {
  return `${step}\n${stream}`;
}
