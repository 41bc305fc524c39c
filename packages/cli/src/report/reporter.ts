import type { Progress, Redactor, StepStart } from '@aries-data/engine';
import { AriesError, type Log, toAriesError } from '@aries-data/sdk';
import { createBars } from './bars.ts';
import { failureOf, presentFailure, stackOf } from './failure.ts';
import { heartbeat } from './heartbeat.ts';
import { createLog } from './log.ts';
import type { OutputSettings } from './output-settings.ts';
import { writeWhole } from './result-files.ts';
import { resultLine } from './result-line.ts';
import type { RunRecorder } from './run-figures.ts';
import { flush, put, settleStderr, write } from './stdio.ts';
import { type Page, USUAL_WIDTH } from './table.ts';

/** How a command ended: with a result or with an error. */
export type Outcome = { result: object; present: (page: Page) => string; secretFree: boolean } | { error: AriesError };

/** The one place through which a call of `aries` prints. `finish` prints the last line. */
export interface Reporter {
  log: Log;
  onStart(start: StepStart): void;
  onProgress(progress: Progress): void;
  print(text: string): Promise<void>;
  /** Reports how the command ended, on stderr first and on stdout last, and exits. Only the first call counts. */
  finish(outcome: Outcome): Promise<void>;
  /** Returns the failure line for an exit that cannot wait. */
  lastWords(error: AriesError): string;
}

/** Something that follows a run: the metrics file, OpenTelemetry. */
export interface RunObserver {
  /** Called when something has started or changed. */
  update?(): void;
  /** Called when the run has ended. It may take a moment to send the rest, and never throws. */
  end(): Promise<void> | void;
}

export interface ReporterOptions {
  settings: OutputSettings;
  redactor: Redactor;
  product: 'step' | 'data' | 'text';
  /** Files that also get the result. */
  files: string[];
  recorder: RunRecorder;
  /** Grows while the command is prepared. */
  observers: RunObserver[];
  exit(code: number): void;
}

export function createReporter({
  settings,
  redactor,
  product,
  files,
  recorder,
  observers,
  exit,
}: ReporterOptions): Reporter {
  const bars = settings.bars ? createBars(screenOf(process.stderr)) : undefined;
  const log = createLog(settings, redactor, (line) => {
    if (closed) return;
    if (bars === undefined) put(process.stderr, `${line}\n`);
    else bars.line(line);
  });
  const progress = bars ?? (product === 'step' ? heartbeat(log, recorder.figures) : undefined);
  let finished = false;
  // Code of a connector that is still running must not print after the last line.
  let closed = false;
  let exitCode = 0;

  const hidden = ({ exitCode, code, message }: AriesError) => ({ exitCode, code, message: redactor.text(message) });

  async function writeFiles(line: string): Promise<void> {
    for (const file of files) {
      await writeWhole(file, line).catch((error: Error) =>
        log.warn(`The result could not be written to ${file}: ${error.message}`),
      );
    }
  }

  async function succeed(result: object, present: (page: Page) => string, secretFree: boolean): Promise<void> {
    const line = secretFree ? JSON.stringify(result) : resultLine(result, redactor);
    const hide = secretFree ? (text: string) => text : redactor.text;
    const text = () => hide(present(pageOf(hide)));
    await writeFiles(line);
    if (settings.json && settings.bars && product === 'step') await write(process.stderr, `${text()}\n`);
    closed = true;
    await settleStderr();
    if (product === 'text') return flush(process.stdout);
    const failure = await write(process.stdout, `${settings.json ? line : text()}\n`);
    if (failure !== undefined) await failUnwritten(failure);
  }

  /** Fails although the work is done: a caller that gets no result must not take it for a success. */
  async function failUnwritten(cause: Error): Promise<void> {
    const error = new AriesError(
      'RESULT_UNWRITTEN',
      `The command is done, but its result could not be written to stdout: ${cause.message}`,
      {
        cause,
        hint: 'Free some space, then run the same command with the same --run-id: a finished step only returns its result again.',
      },
    );
    exitCode = error.exitCode;
    const failure = failureOf(error);
    const text =
      settings.logFormat === 'pretty' ? presentFailure(failure, pageOf(redactor.text)) : resultLine(failure, redactor);
    await write(process.stderr, `${redactor.text(text)}\n`);
  }

  async function fail(error: AriesError): Promise<void> {
    const failure = failureOf(error);
    const line = resultLine(failure, redactor);
    log.debug('The stack of the failure', { stack: stackOf(error) });
    if (settings.logFormat === 'pretty')
      put(process.stderr, `${redactor.text(presentFailure(failure, pageOf(redactor.text)))}\n`);
    else log.error(error.message, { ...failure.error, message: undefined, exitCode: error.exitCode });
    await writeFiles(line);
    closed = true;
    await settleStderr();
    // Output that is text may be redirected to a file: the failure must not end up in it.
    if (settings.json) await write(product === 'text' ? process.stderr : process.stdout, `${line}\n`);
    else if (settings.logFormat === 'json')
      await write(process.stdout, `${redactor.text(presentFailure(failure, pageOf(redactor.text)))}\n`);
  }

  return {
    log,
    onStart(start) {
      recorder.onStart(start);
      for (const observer of observers) observer.update?.();
    },
    onProgress(step) {
      recorder.onProgress(step);
      progress?.update(step);
    },
    async print(text) {
      const failure = await write(process.stdout, text);
      if (failure !== undefined) throw toAriesError(failure);
    },
    async finish(outcome) {
      if (finished) return;
      finished = true;
      progress?.stop();
      if ('error' in outcome) exitCode = outcome.error.exitCode;
      recorder.end('error' in outcome ? { error: hidden(outcome.error) } : outcome);
      const told = Promise.all(observers.map((observer) => observer.end()));
      try {
        await ('error' in outcome ? fail(outcome.error) : succeed(outcome.result, outcome.present, outcome.secretFree));
        await told;
      } finally {
        exit(exitCode);
      }
    },
    lastWords(error) {
      if (finished) return '';
      finished = true;
      recorder.end({ error: hidden(error) });
      for (const observer of observers) void observer.end();
      return `${resultLine(failureOf(error), redactor)}\n`;
    },
  };
}

function pageOf(hide: Page['hide']): Page {
  return { width: process.stdout.columns || process.stderr.columns || USUAL_WIDTH, hide };
}

function screenOf(stream: NodeJS.WriteStream): { write(text: string): void; columns: number; rows: number } {
  return {
    write: (text) => put(stream, text),
    get columns() {
      return stream.columns || USUAL_WIDTH;
    },
    get rows() {
      return stream.rows || 24;
    },
  };
}
