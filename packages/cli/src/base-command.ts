import type { MaxRejected } from '@aries-data/engine';
import { Command, type Config } from '@oclif/core';
import { outputFlags } from './flags.ts';
import type { Session } from './session.ts';

/**
 * What every command shares. A command is statics and a `run()` that returns its result as data; printing, files, exit codes
 * and signals are `run-cli.ts`'s. Heavy modules are imported inside `run()`, so that help loads none of them.
 */
export abstract class AriesCommand extends Command {
  static override baseFlags = outputFlags;
  /**
   * `step`: people get a summary, machines the line, whichever stream each reads. `data`: stdout alone carries the answer.
   * `text`: `run()` prints its product itself.
   */
  static product: 'step' | 'data' | 'text' = 'data';

  /** Nothing of a config is in the result: it is printed as it is. */
  static secretFree = false;

  protected readonly session: Session;

  constructor(argv: string[], config: Config, session: Session) {
    super(argv, config);
    this.session = session;
  }

  abstract override run(): Promise<object>;

  /** The options that every step has, from the flags and the session. */
  protected stepOptions(flags: StepFlags) {
    const { signal, log, redactor, onStart, onProgress } = this.session;
    return {
      name: flags.name,
      runId: flags['run-id'],
      concurrency: flags.concurrency,
      maxRejected: flags['max-rejected'],
      minRecords: flags['min-records'],
      skipEmpty: flags['skip-empty'],
      force: flags.force,
      signal,
      log,
      redactor,
      onStart,
      onProgress,
    };
  }

  /** The result for people. */
  present(result: object): string {
    return JSON.stringify(result, null, 2);
  }
}

/** The flags that mean the same to every step; a step that lacks one leaves it out. */
interface StepFlags {
  name?: string | undefined;
  'run-id'?: string | undefined;
  concurrency?: number | undefined;
  'max-rejected'?: MaxRejected | undefined;
  'min-records'?: number | undefined;
  'skip-empty'?: boolean | undefined;
  force?: boolean | undefined;
}
