import { createRedactor } from '@aries-data/engine';
import { isAriesError } from '@aries-data/sdk';
import { findCommand } from '../../commands.ts';
import { createSession } from '../../create-session.ts';
import { oclifConfig } from '../../oclif-config.ts';
import { recordRun } from '../../report/run-figures.ts';
import { toUsageError } from '../../usage-error.ts';

/** Runs `aries schedule …` inside this process: what it prints, what it warns of, and the error that ended it. */
export async function scheduleHere(
  argv: readonly string[],
): Promise<{ text: string; warnings: string[]; error: { code: string; message: string; hint: string } | undefined }> {
  const found = findCommand(['schedule', ...argv]);
  if (found === undefined) throw new Error(`There is no target "${argv[0]}"`);
  let text = '';
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  const print = async (piece: string) => {
    text += piece;
  };
  const session = createSession({
    reporter: { log, onStart() {}, onProgress() {}, print },
    redactor: createRedactor(),
    signal: new AbortController().signal,
    recorder: recordRun(found.id),
    argv: found.rest,
  });
  try {
    await new found.command(found.rest, await oclifConfig(), session).run();
    return { text, warnings, error: undefined };
  } catch (thrown) {
    const error = isAriesError(thrown) ? thrown : toUsageError(thrown, found.id);
    if (error === undefined) throw thrown;
    const { code, message, hint } = error;
    return { text, warnings, error: { code, message, hint } };
  }
}
