import { Worker } from 'node:worker_threads';
import type { Stop } from './signals.ts';

/** Shorter commands start no thread. */
const START_AFTER_MS = 500;

/** How long the main thread may take to receive a signal before it counts as blocked. */
const PATIENCE_MS = 2000;

const HOOK = Symbol.for('aries-data.blocked');

/**
 * The code of the thread. Node delivers signals to JavaScript on the main thread only, between two tasks; another thread can listen to
 * them only through Node's internal binding. If a version of Node lacks it, nothing is watched. Through the inspector's protocol a
 * thread can run JavaScript on the main thread in the middle of a task, even of a regular expression
 * (https://nodejs.org/api/inspector.html#sessionconnecttomainthread).
 */
const THREAD = `
const { workerData: { heard, patience, key } } = require('node:worker_threads');
const { Session } = require('node:inspector');
const { constants: { signals } } = require('node:os');
const { Signal } = require('internal/test/binding').internalBinding('signal_wrap');
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  const listener = new Signal();
  listener.onsignal = () => setTimeout(() => {
    if (Atomics.load(heard, 0) !== 0) return;
    const session = new Session();
    session.connectToMainThread();
    session.post('Runtime.evaluate', { expression: 'globalThis[Symbol.for(' + JSON.stringify(key) + ')](' + JSON.stringify(name) + ')' });
  }, patience);
  listener.start(signals[name]);
}
`;

/** Ends the process at a signal that the main thread does not receive because it is busy without a pause. */
export function watchForBlock(stop: Stop): void {
  const heard = new Int32Array(new SharedArrayBuffer(4));
  stop.signal.addEventListener('abort', () => Atomics.store(heard, 0, 1), { once: true });
  Object.defineProperty(globalThis, HOOK, { value: stop.force });
  setTimeout(() => {
    const thread = new Worker(THREAD, {
      eval: true,
      workerData: { heard, patience: PATIENCE_MS, key: HOOK.description },
      execArgv: ['--expose-internals', '--no-warnings'],
      resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
    });
    // Without the thread, the process works as if there were no watchdog.
    thread.on('error', () => {});
    thread.unref();
  }, START_AFTER_MS).unref();
}
