import { Command, type Config } from '@oclif/core';
import { outputFlags } from './flags.ts';
import type { Page } from './report/table.ts';
import type { Session } from './session.ts';
import { type StepCommand, type StepFlags, stepOptions } from './step-flags.ts';

/**
 * The base of every command. A command is static members and a `run()` that returns its result as data; `run-command.ts` does the
 * printing, files, exit codes and signals. `run()` imports heavy modules itself, so that help loads none of them.
 */
export abstract class AriesCommand extends Command {
  static override baseFlags = outputFlags;
  /**
   * `step`: people get a summary and machines get the result line, on whichever stream each reads. `data`: the result goes to
   * stdout only. `text`: `run()` prints its product itself.
   */
  static product: 'step' | 'data' | 'text' = 'data';

  /** True if the result holds nothing of a config, so that it is printed without looking for secrets. */
  static secretFree = false;

  protected readonly session: Session;

  constructor(argv: string[], config: Config, session: Session) {
    super(argv, config);
    this.session = session;
  }

  abstract override run(): Promise<object>;

  /** Returns the options of a step: those that its flags set, and those of the session. */
  protected stepOptions<C extends StepCommand>(command: C, flags: StepFlags<C>) {
    const { signal, log, redactor, onStart, onProgress, onDrift } = this.session;
    return { ...stepOptions(command, flags), signal, log, redactor, onStart, onProgress, onDrift };
  }

  /** Formats the result for people. */
  present(result: object, _page: Page): string {
    return JSON.stringify(result, null, 2);
  }
}
