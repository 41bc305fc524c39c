const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 60_000;

/** Timer that says when progress should be made durable. */
export interface CheckpointPace {
  /** Call with each item that the source returned. The first starts the timer: until then there is no progress to lose. */
  received(): void;
  readonly due: boolean;
  /** Call when it was made durable. */
  done(): void;
}

/** Starts with short pauses, so that short reads can be resumed too. They get longer, so that not every page becomes a part file. */
export function createCheckpointPace(now: () => number = Date.now): CheckpointPace {
  let pause = FIRST_PAUSE_MILLISECONDS;
  let last: number | undefined;
  return {
    received() {
      last ??= now();
    },
    get due() {
      return last !== undefined && now() - last >= pause;
    },
    done() {
      last = now();
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
    },
  };
}
