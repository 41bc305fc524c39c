import { constants } from 'node:os';

export type StopSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** How long a step may take to end after a signal. */
const GRACE_MS = 10_000;

// A terminal sends its signal to the whole group, and a wrapper such as pnpm passes it on: together they count once.
const ECHO_MS = 250;

/** The signals that stop a run. It listens from the start of the process, before anything can be reported. */
export interface Stop {
  /** Aborts at the first signal. */
  signal: AbortSignal;
  /** The signal received, if any. */
  received(): StopSignal | undefined;
  /** Called if the step did not end in time, or at a second signal. */
  onGiveUp(listener: (signal: StopSignal) => void): void;
  /** Ends the process at once, for a signal that the busy main thread did not receive. The listeners to its exit report how it ended. */
  force(signal: StopSignal): void;
}

/** Returns the exit code of a process that a signal stopped. */
export function exitCodeOf(signal: StopSignal): number {
  return 128 + constants.signals[signal];
}

/** Turns SIGTERM, SIGINT and SIGHUP (a closed terminal) into an abort. A second signal, or the end of the grace period, ends the waiting. */
export function listenToSignals(graceMs = GRACE_MS): Stop {
  const controller = new AbortController();
  let received: StopSignal | undefined;
  let receivedAt = 0;
  let giveUp = (signal: StopSignal): void => process.exit(exitCodeOf(signal));

  const receive = (signal: StopSignal): void => {
    if (received !== undefined) {
      if (Date.now() - receivedAt >= ECHO_MS) giveUp(received);
      return;
    }
    received = signal;
    receivedAt = Date.now();
    setTimeout(() => giveUp(signal), graceMs).unref();
    // The engine ends its step with this exit code.
    controller.abort(
      Object.assign(new Error(`Stopped by ${signal}`), { name: 'AbortError', exitCode: exitCodeOf(signal) }),
    );
  };
  process.on('SIGTERM', receive);
  process.on('SIGINT', receive);
  process.on('SIGHUP', receive);

  return {
    signal: controller.signal,
    received: () => received,
    onGiveUp(listener) {
      giveUp = listener;
    },
    force(signal) {
      received = signal;
      process.exit(exitCodeOf(signal));
    },
  };
}
