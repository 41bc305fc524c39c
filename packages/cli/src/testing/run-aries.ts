import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A connector of `test/fixtures/connectors`, by its file's name. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../../test/fixtures/connectors/${name}.ts`, import.meta.url));
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** What stands before the command, such as the words that run it in another network. */
  within?: readonly string[];
  /** What stdin holds. */
  input?: string;
  /** The entry; the TypeScript sources where it is left out. */
  main?: string;
  /** stdout and stderr are one pipe, as schedulers make it: all of it is in `stdout`. */
  merged?: boolean;
  /** The arguments, as a shell reads them, of a run on a terminal; what it shows is all in `stdout`. */
  terminal?: string;
  /** The width of that terminal; 120 by default. */
  columns?: number;
  /** A command that reads its stdout. */
  pipedTo?: string;
  /** Called with each piece of output, with ways to send signals and to type; stdin then stays open until the end. */
  onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void, type: (text: string) => void) => void;
}

export interface RunResult {
  code: number | null;
  stdout: string;
  stderr: string;
  /** The last line of stdout as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at parts of any result
  result: any;
}

/** Runs `aries` in a process of its own, as a scheduler would. */
export function runAries(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { promise, resolve, reject } = Promise.withResolvers<RunResult>();
  const [file = '', ...rest] = [...(options.within ?? []), ...commandOf(args, options)];
  const child = spawn(file, rest, { cwd: options.cwd, env: { ...cleanEnvironment(), ...options.env }, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      options.onOutput?.(
        text,
        (signal) => child.kill(signal),
        (typed) => child.stdin.write(typed),
      );
    });
  }
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, ...output, result: parse(output.stdout.trimEnd().split('\n').at(-1)) }));
  child.stdin.on('error', () => {});
  if (options.terminal === undefined || options.onOutput === undefined) child.stdin.end(options.input ?? '');
  return promise;
}

function commandOf(
  args: readonly string[],
  { main = MAIN, merged, pipedTo, terminal, columns = 120 }: RunOptions,
): string[] {
  const command = [process.execPath, main, ...args];
  if (terminal !== undefined)
    return ['script', '-qec', `stty cols ${columns}; ${process.execPath} ${main} ${terminal}`, '/dev/null'];
  if (merged) return ['/bin/sh', '-c', 'exec "$0" "$@" 2>&1', ...command];
  return pipedTo === undefined ? command : ['/bin/sh', '-c', `"$0" "$@" | ${pipedTo}`, ...command];
}

// A test must not see what the developer's shell, or vitest, has set.
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:ARIES_|NODE_ENV$|NODE_OPTIONS$|VITEST)/.test(name)),
  );
}

function parse(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return undefined;
  }
}
