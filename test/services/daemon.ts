import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

// A server must not outlive its tests, even if they are killed. A shell in between waits on a pipe that the system closes
// with the test process, and then stops the server. Closing the pipe also stops it normally.
const GUARD = `
signal=$1; shift
exec 3<&0
"$@" 3<&- </dev/null &
server=$!
(read -r _ <&3; kill -"$signal" "$server") 2>/dev/null &
guard=$!
exec 3<&- </dev/null
wait "$server"; code=$?
kill "$guard" 2>/dev/null
exit "$code"`;

const KEPT_LOG = 32_768;

/** The program to start, and how to stop it. */
export interface DaemonOptions {
  command: string;
  args: string[];
  stopSignal?: 'TERM' | 'QUIT' | 'KILL';
  env?: NodeJS.ProcessEnv;
  /** The user to run as, if the tests run as root. */
  user?: { uid: number; gid: number } | undefined;
}

/** A server process that dies with the process that started it. */
export interface Daemon {
  /** Returns the end of its output so far. */
  log(): string;
  /** Resolves once `probe` returns true; rejects with the end of the log if the process exits first or time runs out. */
  until(probe: (log: string) => boolean | Promise<boolean>, timeoutMs: number): Promise<void>;
  /** Stops it, kills it after ten seconds, and resolves when it has ended. */
  stop(): Promise<void>;
}

/** Starts a server in the foreground and keeps the end of its output. */
export function startDaemon(options: DaemonOptions): Daemon {
  const { command, args, stopSignal = 'TERM', env = process.env, user } = options;
  const guard = spawn('/bin/sh', ['-c', GUARD, 'guard', stopSignal, command, ...args], {
    // A separate process group, so that an interrupt reaches only the tests, whose teardown stops the server.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
    ...user,
  });
  let log = '';
  const keep = (chunk: Buffer) => {
    log = (log + chunk.toString('utf8')).slice(-KEPT_LOG);
  };
  guard.stdout.on('data', keep);
  guard.stderr.on('data', keep);
  guard.stdin.on('error', () => {});

  let ended: string | undefined;
  const gone = new Promise<void>((resolve) => {
    guard.once('error', (error) => {
      ended = error.message;
      resolve();
    });
    guard.once('close', (code, signal) => {
      ended ??= signal ? `killed by ${signal}` : `exit code ${code}`;
      resolve();
    });
  });

  return {
    log: () => log,
    async until(probe, timeoutMs) {
      const deadline = Date.now() + timeoutMs;
      while (!(await probe(log))) {
        if (ended !== undefined) throw new Error(`${command} ended (${ended})\n${tail(log)}`);
        if (Date.now() > deadline) throw new Error(`${command} was not ready after ${timeoutMs} ms\n${tail(log)}`);
        await Promise.race([sleep(10), gone]);
      }
    },
    async stop() {
      if (ended !== undefined) return;
      guard.stdin.end();
      const tooLong = new AbortController();
      const late = sleep(10_000, 'late', { signal: tooLong.signal }).catch(() => 'in time');
      if ((await Promise.race([gone, late])) === 'late') process.kill(-(guard.pid ?? 0), 'SIGKILL');
      tooLong.abort();
      await gone;
    },
  };
}

/** Returns the last lines of a log for an error message. */
export function tail(log: string, lines = 20): string {
  const printed = log.split('\n').filter((line) => line.trim() !== '');
  return printed.slice(-lines).join('\n');
}
