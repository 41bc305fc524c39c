import { randomBytes } from 'node:crypto';
import { accessSync, constants, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { AriesError } from '@aries-data/sdk';
import { metricsText } from './metrics-text.ts';
import type { RunObserver } from './reporter.ts';
import type { RunFigures } from './run-figures.ts';

const EVERY_MS = 15_000;

export interface MetricsFileOptions {
  file: string;
  figures: RunFigures;
  version: string;
  warn(message: string): void;
}

/**
 * Updates the file for the textfile collector of Prometheus' node_exporter while the command runs. Each write replaces the whole file
 * and is synchronous, because the last one happens inside `exit`. The file of an earlier run is read first, to keep the time of its
 * last success. Throws `USAGE` if the file cannot be written; later failures only cause one warning.
 */
export function openMetricsFile({ file, figures, version, warn }: MetricsFileOptions): RunObserver {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AriesError(
      'USAGE',
      `--metrics-file cannot be written: ${dirname(file)} ${code === 'ENOENT' ? 'does not exist' : `cannot be written to (${code})`}`,
      { cause, hint: 'Name a file, such as shop.prom, in the folder that the textfile collector reads.' },
    );
  }
  const before = earlierRun(file, figures.command);
  let warned = false;

  function write(): void {
    const { ended } = figures;
    if (before.name !== undefined) figures.name ??= before.name;
    const lastSuccess = ended?.exitCode === 0 ? ended.at / 1000 : before.lastSuccess;
    const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      writeFileSync(temporary, metricsText(figures, { version, now: Date.now(), lastSuccess }));
      renameSync(temporary, file);
    } catch (error) {
      rmSync(temporary, { force: true });
      if (!warned) warn(`The metrics could not be written to ${file}: ${(error as Error).message}`);
      warned = true;
    }
  }

  const timer = setInterval(write, EVERY_MS);
  timer.unref();
  write();
  return {
    update: write,
    end() {
      clearInterval(timer);
      write();
    },
  };
}

const RUN = /^aries_run_active\{name="([^"\\]*(?:\\.[^"\\]*)*)",command="([^"]*)"\} /m;
const LAST_SUCCESS = /^aries_run_last_success_timestamp_seconds\{[^\n]{0,2000}\} ([\d.e+-]{1,40})$/m;

/** Reads the figures of the previous run, if it was of the same command. */
function earlierRun(file: string, command: string): { name?: string; lastSuccess?: number } {
  try {
    const text = readFileSync(file, 'utf8');
    const [, name = '', of] = RUN.exec(text) ?? [];
    if (of !== command) return {};
    const time = LAST_SUCCESS.exec(text)?.[1];
    return {
      ...(name === '' ? {} : { name: JSON.parse(`"${name}"`) as string }),
      ...(time === undefined ? {} : { lastSuccess: Number(time) }),
    };
  } catch {
    return {};
  }
}
