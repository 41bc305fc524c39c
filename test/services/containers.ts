import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type DockerEngine, dockerDoes, dockerEnvironment } from './docker.ts';

/** The output of a Docker command, stdout and stderr in order. */
export interface Printed {
  code: number | null;
  output: string;
}

/** The outcome of a container. */
export interface Ended {
  code: number;
  /** stdout and stderr, merged like in `docker logs`. */
  log: string;
  /** The last line of the log as JSON; undefined if it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at parts of any result
  result: any;
  /** The output of `docker inspect` without the environment. */
  inspected: string;
}

export interface ContainerOptions {
  env?: Record<string, string>;
  /** More flags for `docker run`. */
  flags?: string[];
  /** Called ten times a second with the log so far; if it returns a signal, that is sent once. */
  signalAt?: (log: string) => string | undefined;
}

/** Runs a Docker command on that engine. */
export async function docker(engine: DockerEngine, args: readonly string[], env = {}): Promise<Printed> {
  // One pipe for both keeps the order.
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

/** Runs an image to its end with a read-only file system except /tmp, and without new privileges. */
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
