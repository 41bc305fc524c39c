import type { Progress, StepStart } from '@aries-data/engine';

/** Progress of one stream of a step. */
export interface StreamFigures {
  step: string;
  stream: string;
  records: number;
  rejected: number;
  bytes: number;
}

/** One step of the run; times are milliseconds since 1970. */
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
  /** Not set while it runs. */
  ended?: { at: number; exitCode: number; error?: { code: string; message: string } };
}

/** Updates the figures of a run. */
export interface RunRecorder {
  figures: RunFigures;
  onStart(start: StepStart): void;
  onProgress(progress: Progress): void;
  /** Only the first call counts. */
  end(outcome: { result: object } | { error: { exitCode: number; code: string; message: string } }): void;
}

/** The members of a result that `end` reads, if the command has such a result. */
interface StepOutcome {
  step?: string;
  name?: string;
  runId?: string;
  durationMs?: number;
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
  };

  function endSteps(at: number): void {
    for (const step of figures.steps.values()) step.end ??= at;
  }

  /** Takes the counts of a result, which are final; the last progress may have been a little behind. */
  function take(outcome: StepOutcome): void {
    const { step, streams = {} } = outcome;
    if (step === undefined) return;
    const known = figures.steps.get(step);
    if (known !== undefined && outcome.durationMs !== undefined) known.end = known.start + outcome.durationMs;
    for (const [stream, { records = 0, rejected = 0, bytes = 0 }] of Object.entries(streams)) {
      const key = keyOf({ step, stream });
      const before = figures.streams.get(key);
      figures.streams.set(key, { step, stream, records, rejected, bytes: Math.max(bytes, before?.bytes ?? 0) });
    }
  }

  return {
    figures,
    onStart({ step, name, runId }) {
      figures.name = name;
      figures.runId = runId;
      if (figures.steps.has(step)) return;
      const at = now();
      if (command === 'run') endSteps(at);
      figures.steps.set(step, { step, start: at });
    },
    onProgress(progress) {
      figures.streams.set(keyOf(progress), progress);
    },
    end(outcome) {
      if (figures.ended !== undefined) return;
      const at = now();
      if ('result' in outcome) {
        const result = outcome.result as StepOutcome;
        for (const one of Object.values(result.steps ?? { only: result })) take(one);
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
