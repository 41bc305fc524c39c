import { createRedactor } from '@aries-data/engine';
import { isAriesError, type Log, toAriesError } from '@aries-data/sdk';
import { findCommand } from '../commands.ts';
import { createSession } from '../create-session.ts';
import { oclifConfig } from '../oclif-config.ts';
import { failureOf } from '../report/failure.ts';
import { recordRun } from '../report/run-figures.ts';
import { toUsageError } from '../usage-error.ts';
import type { RunResult } from './run-aries.ts';

/**
 * Runs `aries` inside this process: the same arguments, result and exit code in a tenth of the time, for tests of what commands do
 * one after the other. `runAries` is for tests that need a process: signals, output, a crash. `answers` stands for a user at a terminal.
 */
export async function runHere(argv: readonly string[], answers?: string[]): Promise<RunResult> {
  const lines: string[] = [];
  const found = findCommand([...argv]);
  if (found === undefined) throw new Error(`There is no command "${argv.join(' ')}"`);
  const session = createSession({
    reporter: { log: logInto(lines), onStart() {}, onProgress() {}, async print() {} },
    redactor: createRedactor(),
    signal: new AbortController().signal,
    recorder: recordRun(found.id),
    ask: answers && (async () => answers.shift() ?? ''),
    argv: found.rest,
  });
  let result: unknown;
  let code = 0;
  try {
    result = await new found.command(found.rest, await oclifConfig(), session).run();
  } catch (thrown) {
    const failure = failureOf(isAriesError(thrown) ? thrown : (toUsageError(thrown, found.id) ?? toAriesError(thrown)));
    result = failure;
    code = failure.exitCode;
  }
  const line = JSON.stringify(result);
  return { code, result: JSON.parse(line), stdout: `${line}\n`, stderr: lines.join('') };
}

function logInto(lines: string[]): Log {
  const write = (level: string) => (message: string, details?: object) => {
    lines.push(`${JSON.stringify({ level, message, ...details })}\n`);
  };
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
}
