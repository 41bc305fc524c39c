const FIRST_PAUSE_MILLISECONDS = 500;
const LONGEST_PAUSE_MILLISECONDS = 60_000;

/** Says when progress is worth making durable. */
export interface CheckpointPace {
  readonly due: boolean;
  /** It was made durable now. */
  done(): void;
}

/** Soon at first, so that short reads can be gone on with as well; then ever less often, so that each page does not become a part file. */
export function createCheckpointPace(now: () => number = Date.now): CheckpointPace {
  let pause = FIRST_PAUSE_MILLISECONDS;
  let last = now();
  return {
    get due() {
      return now() - last >= pause;
    },
    done() {
      last = now();
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS);
    },
  };
}
