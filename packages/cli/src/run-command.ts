import { createRedactor } from '@aries-data/engine';
import { type AriesError, isAriesError, toAriesError } from '@aries-data/sdk';
import { findCommand } from './commands.ts';
import { createSession } from './create-session.ts';
import { endInAnyCase, interrupted } from './end-in-any-case.ts';
import { secretsOf } from './environment-secrets.ts';
import { limitHeap } from './heap-limits.ts';
import { oclifConfig } from './oclif-config.ts';
import { askOnTerminal } from './report/ask.ts';
import { captureConsole } from './report/capture-console.ts';
import { openMetricsFile } from './report/metrics-file.ts';
import { outputSettings } from './report/output-settings.ts';
import { createReporter, type Outcome, type RunObserver } from './report/reporter.ts';
import { prepareResultFiles } from './report/result-files.ts';
import { recordRun } from './report/run-figures.ts';
import { ignoreWriteErrors } from './report/stdio.ts';
import { wantsTelemetry } from './report/telemetry-settings.ts';
import type { Stop } from './signals.ts';
import { unknownCommand } from './unknown-command.ts';
import { checkEnvironment, toUsageError } from './usage-error.ts';
import { watchForBlock } from './watchdog.ts';

/** Runs one command, and whatever happens ends the process in the way that schedulers rely on. */
export async function runCommand(argv: string[], stop: Stop): Promise<void> {
  ignoreWriteErrors();
  const settings = outputSettings(argv, process.env, {
    stdout: process.stdout.isTTY === true,
    stderr: process.stderr.isTTY === true,
  });
  const found = findCommand(argv);
  const product = found?.command.product ?? 'data';
  const redactor = createRedactor(secretsOf(process.env));
  const files: string[] = [];
  const observers: RunObserver[] = [];
  const recorder = recordRun(found?.id ?? '', { name: settings.name });
  const reporter = createReporter({
    settings,
    redactor,
    product,
    files,
    recorder,
    observers,
    exit: (code) => process.exit(code),
  });
  const isStep = product === 'step';
  const { follow } = settings;
  endInAnyCase({ reporter, stop, files, isStep, follow });
  limitHeap((error) => void reporter.finish({ error }));
  watchForBlock(stop);
  captureConsole(reporter.log);

  let outcome: Outcome;
  try {
    files.push(...(await prepareResultFiles(settings.resultFile)));
    if (found === undefined) throw unknownCommand(argv);
    const config = await oclifConfig();
    if (isStep) {
      const { figures } = recorder;
      const { version } = config;
      const { metricsFile: file } = settings;
      if (file !== undefined) observers.push(openMetricsFile({ file, figures, version, warn: reporter.log.warn }));
      if (wantsTelemetry(process.env)) {
        const { startTelemetry } = await import('./report/telemetry.ts');
        observers.push(await startTelemetry({ env: process.env, figures, version, log: reporter.log }));
      }
    }
    const session = createSession({
      reporter,
      redactor,
      signal: stop.signal,
      ask: askOnTerminal(stop.signal),
      recorder,
      argv: found.rest,
    });
    const command = new found.command(found.rest, config, session);
    checkEnvironment({ ...found.command.baseFlags, ...found.command.flags }, process.env);
    stop.signal.throwIfAborted();
    const result = await command.run();
    outcome = { result, present: (page) => command.present(result, page), secretFree: found.command.secretFree };
  } catch (thrown) {
    outcome = { error: errorOf(thrown, stop, { command: found?.id, isStep, follow }) };
  }
  await reporter.finish(outcome);
}

function errorOf(
  thrown: unknown,
  stop: Stop,
  { command, isStep, follow }: { command: string | undefined; isStep: boolean; follow: boolean },
): AriesError {
  const signal = stop.received();
  if (signal !== undefined) return interrupted(signal, { isStep, follow }, thrown);
  if (isAriesError(thrown)) return thrown;
  return toUsageError(thrown, command) ?? toAriesError(thrown);
}
