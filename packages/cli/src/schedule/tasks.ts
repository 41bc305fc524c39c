/** What a scheduler runs as one task: a command line, in the order of the pipeline. */
export interface Task {
  /** `plan`, `extract`, the name of a transform of whole datasets, `load`. */
  name: string;
  kind: 'plan' | 'extract' | 'step';
  /** What `--step` says. */
  step: string;
  /** What follows `aries`. Run, partition and interval are not in it: they come with each run, as `ARIES_…`. */
  args: string[];
}

/** Exit codes that stand for what no retry can mend: usage, data, a bug, permission, configuration, a heap that V8 found full. */
export const FINAL_CODES = [2, 65, 70, 77, 78, 134];

/** The exit code for "nothing to do". */
export const SKIP_CODE = 99;

/**
 * The tasks of a pipeline, each to run once the one before it is done: plan, one extract for each partition, each transform of whole
 * datasets, load. `partitions`: how many are wanted of each stream.
 */
export function tasksOf(file: string, steps: readonly string[], partitions: number | undefined): Task[] {
  const task = (step: string, kind: Task['kind'], ...more: string[]): Task => ({
    // A transform may be named like a task that it is not.
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
