import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFailed } from 'vitest';
import { type RunOptions, type RunResult, runAries } from '../../packages/cli/src/testing/run-aries.ts';

/** A started command. */
export interface Started {
  kill(signal: NodeJS.Signals): void;
  done: Promise<RunResult>;
}

/** Starts a command, and waits for its first log line, after which it accepts signals. */
export function start(args: string[], options: RunOptions = {}): Started {
  const { promise: running, resolve } = Promise.withResolvers<(signal: NodeJS.Signals) => void>();
  const done = runAries(args, {
    ...options,
    onOutput(text, kill, type) {
      resolve(kill);
      options.onOutput?.(text, kill, type);
    },
  });
  return { kill: (signal) => void running.then((kill) => kill(signal)), done };
}

/** Returns the result of a command, which must succeed. */
export function succeeded({ code, result, stdout, stderr }: RunResult) {
  expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
  return result;
}

/** Waits until a condition holds; fails if the command ends first. */
export async function until(isSo: () => boolean, running?: Promise<RunResult>): Promise<void> {
  let ended: RunResult | undefined;
  void running?.then((result) => {
    ended = result;
  });
  while (!isSo()) {
    if (ended !== undefined) throw new Error(`The command ended too early: ${ended.stdout}${ended.stderr}`);
    await sleep(5);
  }
}

/** A long time-out, for tests that start many processes on a busy machine. */
export const UNHURRIED = { timeout: 120_000 };

/** Generates random numbers from 0 to 1 from the seed `ARIES_TEST_SEED`, which a failing test prints. */
export function seeded(): () => number {
  const seed = Number(process.env.ARIES_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  onTestFailed(() => console.error(`ARIES_TEST_SEED=${seed}`));
  // https://en.wikipedia.org/wiki/Lehmer_random_number_generator
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
