import { closeSync, writeFileSync, writeSync } from 'node:fs';
import { AriesError, isAriesError } from '@aries-data/sdk';
import { FailureTables } from './report/failure-tables.ts';
import type { Reporter } from './report/reporter.ts';
import { exitCodeOf, type Stop, type StopSignal } from './signals.ts';

export interface EndOptions {
  reporter: Reporter;
  stop: Stop;
  /** Files that also get the failure. */
  files: readonly string[];
  /** True if the command runs a step, whose durable progress is kept. */
  isStep: boolean;
  /** True if it is `aries run --follow`. */
  follow: boolean;
}

/** Makes the process print its last line however it ends: by a signal that the step ignores, an uncaught error, or a `process.exit` in a connector. */
export function endInAnyCase({ reporter, stop, files, isStep, follow }: EndOptions): void {
  const end = (otherwise: () => AriesError, thrown?: unknown): void => {
    const signal = stop.received();
    void reporter.finish({
      error: signal === undefined ? otherwise() : interrupted(signal, { isStep, follow }, thrown),
    });
  };
  stop.onGiveUp((signal) => {
    void reporter.finish({ error: interrupted(signal, { isStep, follow }) });
    // If not even the line can be written, because nothing reads the pipe, the process must still end.
    setTimeout(() => process.exit(exitCodeOf(signal)), 1000).unref();
  });
  process.on('uncaughtException', (thrown) => end(() => uncaught(thrown), thrown));
  process.on('unhandledRejection', (thrown) => end(() => uncaught(thrown), thrown));
  process.once('beforeExit', () => end(endless));
  process.on('exit', () => {
    const signal = stop.received();
    const error = signal === undefined ? exited() : interrupted(signal, { isStep, follow });
    const line = reporter.lastWords(error);
    if (line === '') return;
    process.exitCode = error.exitCode;
    for (const file of files) writeFileSync(file, line);
    writeSync(1, line);
    // Node prints a message about debuggers if its inspector interrupted the process; nothing may follow the last line.
    if (signal !== undefined) closeSync(2);
  });
}

/** Returns the error of a command that a signal stopped. */
export function interrupted(
  signal: StopSignal,
  { isStep, follow }: Pick<EndOptions, 'isStep' | 'follow'>,
  cause?: unknown,
): AriesError {
  return new AriesError('INTERRUPTED', `Stopped by ${signal}`, {
    cause,
    exitCode: exitCodeOf(signal),
    hint: howToGoOn(isStep, follow),
    ...(isAriesError(cause) && cause.details instanceof FailureTables ? { details: cause.details } : {}),
  });
}

function howToGoOn(isStep: boolean, follow: boolean): string {
  if (follow) return 'Run the same command again: it goes on from what is loaded.';
  return isStep
    ? 'Durable progress is kept: run the same command with the same --run-id to resume.'
    : 'Run the same command again.';
}

function uncaught(thrown: unknown): AriesError {
  if (isAriesError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AriesError('BUG', `Uncaught error: ${message}`, {
    cause: thrown,
    hint: 'Run again with --log-level debug and report the stack.',
  });
}

function endless(): AriesError {
  return new AriesError('BUG', 'The command stopped without a result: it waits for something that never happens', {
    hint: 'In a connector, look for a promise that is never settled.',
  });
}

function exited(): AriesError {
  return new AriesError('BUG', 'Something ended the process while the command was running', {
    hint: 'In a connector, look for process.exit().',
  });
}
