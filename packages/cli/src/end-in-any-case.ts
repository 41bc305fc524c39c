import { closeSync, writeFileSync, writeSync } from 'node:fs';
import { AriesError, isAriesError } from '@aries-data/sdk';
import type { Reporter } from './report/reporter.ts';
import { exitCodeOf, type Stop, type StopSignal } from './signals.ts';

export interface EndOptions {
  reporter: Reporter;
  stop: Stop;
  /** Files that also get the failure. */
  files: readonly string[];
  /** True if the command runs a step, whose durable progress is kept. */
  isStep: boolean;
}

/** Makes the process print its last line however it ends: by a signal that the step ignores, an uncaught error, or a `process.exit` in a connector. */
export function endInAnyCase({ reporter, stop, files, isStep }: EndOptions): void {
  const end = (otherwise: () => AriesError, thrown?: unknown): void => {
    const signal = stop.received();
    void reporter.finish({ error: signal === undefined ? otherwise() : interrupted(signal, isStep, thrown) });
  };
  stop.onGiveUp((signal) => {
    void reporter.finish({ error: interrupted(signal, isStep) });
    // If not even the line can be written, because nothing reads the pipe, the process must still end.
    setTimeout(() => process.exit(exitCodeOf(signal)), 1000).unref();
  });
  process.on('uncaughtException', (thrown) => end(() => uncaught(thrown), thrown));
  process.on('unhandledRejection', (thrown) => end(() => uncaught(thrown), thrown));
  process.once('beforeExit', () => end(endless));
  process.on('exit', () => {
    const signal = stop.received();
    const error = signal === undefined ? exited() : interrupted(signal, isStep);
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
export function interrupted(signal: StopSignal, isStep: boolean, cause?: unknown): AriesError {
  return new AriesError('INTERRUPTED', `Stopped by ${signal}`, {
    cause,
    exitCode: exitCodeOf(signal),
    hint: isStep
      ? 'Durable progress is kept: run the same command with the same --run-id to resume.'
      : 'Run the same command again.',
  });
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
