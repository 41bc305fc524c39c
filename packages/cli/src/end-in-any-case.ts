import { writeFileSync, writeSync } from 'node:fs';
import { AriesError, isAriesError } from '@aries-data/sdk';
import type { Reporter } from './report/reporter.ts';
import { exitCodeOf, type Stop, type StopSignal } from './signals.ts';

export interface EndOptions {
  reporter: Reporter;
  stop: Stop;
  /** Files that the failure is written to as well. */
  files: readonly string[];
}

/** No way out of the process without the line: a signal that the step ignores, an error that nobody caught, an exit from below. */
export function endInAnyCase({ reporter, stop, files }: EndOptions): void {
  const end = (otherwise: () => AriesError, thrown?: unknown): void => {
    const signal = stop.received();
    void reporter.finish({ error: signal === undefined ? otherwise() : interrupted(signal, thrown) });
  };
  stop.onGiveUp((signal) => {
    void reporter.finish({ error: interrupted(signal) });
    // Where not even the line can be written, because nobody reads the pipe, the process must still end.
    setTimeout(() => process.exit(exitCodeOf(signal)), 1000).unref();
  });
  process.on('uncaughtException', (thrown) => end(() => uncaught(thrown), thrown));
  process.on('unhandledRejection', (thrown) => end(() => uncaught(thrown), thrown));
  process.once('beforeExit', () => end(endless));
  process.on('exit', () => {
    const line = reporter.lastWords(exited());
    if (line === '') return;
    process.exitCode = exited().exitCode;
    for (const file of files) writeFileSync(file, line);
    writeSync(1, line);
  });
}

/** What a command that a signal stopped ends with. */
export function interrupted(signal: StopSignal, cause?: unknown): AriesError {
  return new AriesError('INTERRUPTED', `Stopped by ${signal}`, {
    cause,
    exitCode: exitCodeOf(signal),
    hint: 'What was durable is kept: run the same command with the same --run-id to go on.',
  });
}

function uncaught(thrown: unknown): AriesError {
  if (isAriesError(thrown)) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AriesError('BUG', `An error was thrown that nobody caught: ${message}`, {
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
