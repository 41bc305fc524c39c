import { Worker } from 'node:worker_threads';
import type { Stop } from './signals.ts';

/** A command that is over sooner is not worth a thread. */
const START_AFTER_MS = 500;

/** How long the main thread may take to hear a signal before it counts as blocked. */
const PATIENCE_MS = 2000;

const HOOK = Symbol.for('aries-data.blocked');

/**
 * What the thread does. Node delivers signals to JavaScript on the main thread only, between two of its tasks; the one place from which
 * another thread can listen to them is Node's own binding. Where a version of Node does not have it, nothing is watched. Through
 * the inspector's protocol a thread can run JavaScript on the main thread in the middle of whatever that does, a regular
 * expression among it (https://nodejs.org/api/inspector.html#sessionconnecttomainthread).
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

/** Ends the process at a signal that the main thread cannot hear, because it is busy without a pause. */
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
    // Without it the process is as it would be with no watchdog.
    thread.on('error', () => {});
    thread.unref();
  }, START_AFTER_MS).unref();
}
