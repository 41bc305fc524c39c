import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type DockerEngine, dockerDoes, dockerEnvironment } from './docker.ts';

/** What a command of the Docker client printed, stdout and stderr as they came. */
export interface Printed {
  code: number | null;
  output: string;
}

/** How a container ended, and what is left to see of it. */
export interface Ended {
  code: number;
  /** stdout and stderr, merged as `docker logs` has them. */
  log: string;
  /** The last line of the log, as JSON; undefined where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at parts of any result
  result: any;
  /** What `docker inspect` says, but for the environment. */
  inspected: string;
}

export interface ContainerOptions {
  env?: Record<string, string>;
  /** More flags for `docker run`. */
  flags?: string[];
  /** Called every tenth of a second while it runs, with its log so far; once it returns a signal, that is sent. */
  signalAt?: (log: string) => string | undefined;
}

/** Runs a command of the Docker client on that engine. */
export async function docker(engine: DockerEngine, args: readonly string[], env = {}): Promise<Printed> {
  // One pipe for both, so that the order is kept.
  const child = spawn('/bin/sh', ['-c', 'exec "$0" "$@" 2>&1', engine.client, ...args], {
    env: { ...dockerEnvironment(engine), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  return { code, output };
}

/** Runs an image to its end as a careful scheduler does: nothing can be written but /tmp, and no privilege can be gained. */
export async function runImage(
  engine: DockerEngine,
  image: string,
  args: readonly string[],
  { env = {}, flags = [], signalAt }: ContainerOptions = {},
): Promise<Ended> {
  const careful = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
  const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const all = ['run', '--detach', '--network', 'host', ...careful, ...variables, ...flags, image, ...args];
  const id = await dockerDoes(engine, all);
  try {
    const ended = dockerDoes(engine, ['wait', id]);
    if (signalAt !== undefined) await sendSignal(engine, { id, ended, signalAt });
    const code = Number(await ended);
    const { output: log } = await docker(engine, ['logs', id]);
    const [described] = JSON.parse(await dockerDoes(engine, ['inspect', id]));
    delete described.Config.Env;
    return { code, log, result: parse(log.trimEnd().split('\n').at(-1)), inspected: JSON.stringify(described) };
  } finally {
    await docker(engine, ['rm', '--force', '--volumes', id]);
  }
}

async function sendSignal(
  engine: DockerEngine,
  { id, ended, signalAt }: { id: string; ended: Promise<string>; signalAt: (log: string) => string | undefined },
): Promise<void> {
  let running = true;
  const stop = () => {
    running = false;
  };
  void ended.then(stop, stop);
  while (running) {
    const signal = signalAt((await docker(engine, ['logs', id])).output);
    if (signal !== undefined) return void (await docker(engine, ['kill', '--signal', signal, id]));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function parse(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return undefined;
  }
}
