/** A task of a scheduler: one command line. */
export interface Task {
  /** `plan`, `extract`, the name of a transform of whole datasets, `load`. */
  name: string;
  kind: 'plan' | 'extract' | 'step';
  /** The value of `--step`. */
  step: string;
  /** The arguments of `aries`, without run, partition and interval, which come as `ARIES_…` variables of each run. */
  args: string[];
}

/** Exit codes that no retry can fix: usage, data, a bug, permission, configuration, out of memory. */
export const FINAL_CODES = [2, 65, 70, 77, 78, 134];

/** The exit code for "nothing to do". */
export const SKIP_CODE = 99;

/**
 * Returns the tasks of a pipeline, each of which runs after the one before it: a plan, an extract for each partition, each transform of
 * whole datasets, the load. `partitions`: their number for each stream.
 */
export function tasksOf(file: string, steps: readonly string[], partitions: number | undefined): Task[] {
  const task = (step: string, kind: Task['kind'], ...more: string[]): Task => ({
    // A transform may be named plan.
    name: kind === 'plan' ? 'plan' : kind === 'step' && step === 'plan' ? 'plan-step' : step,
    kind,
    step,
    args: ['run', file, '--step', step, ...more],
  });
  return [
    task('extract', 'plan', '--plan', ...(partitions === undefined ? [] : ['--partitions', String(partitions)])),
    task('extract', 'extract'),
    ...steps.slice(1).map((step) => task(step, 'step')),
  ];
}
