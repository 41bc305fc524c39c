import { spawn } from 'node:child_process';
import { delimiter } from 'node:path';

/** The outcome of one command in a shell. */
export interface ShellResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface Shell {
  /** Runs one line; a `cd` stays in effect. Throws with all output if it fails. */
  run(line: string): Promise<ShellResult>;
}

export interface ShellOptions {
  cwd: string;
  /** Folders to put first on the PATH. */
  path?: string[];
  env?: Record<string, string>;
}

const PLACE = '\u0001';

/** Starts a user's shell with none of our variables and commands. */
export function openShell({ cwd, path = [], env = {} }: ShellOptions): Shell {
  let folder = cwd;
  return {
    async run(line) {
      const result = await runLine(`${line}\ncode=$?; printf '${PLACE}%s' "$PWD"; exit $code`, folder, {
        ...outsideEnvironment(),
        ...env,
        PATH: [...path, ...outsidePath()].join(delimiter),
      });
      const [stdout = '', place = folder] = result.stdout.split(PLACE);
      folder = place;
      if (result.code !== 0) throw new Error(`${line}\nended with ${result.code}\n${stdout}\n${result.stderr}`);
      return { ...result, stdout };
    },
  };
}

function runLine(script: string, cwd: string, env: NodeJS.ProcessEnv): Promise<ShellResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ShellResult>();
  const child = spawn('/bin/sh', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  child.on('error', reject);
  child.on('close', (code) => resolve({ code, ...output }));
  return promise;
}

function outsidePath(): string[] {
  return (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
}

// pnpm and vitest set variables that npm would read.
function outsideEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:ARIES_|CI$|npm_|pnpm_|PNPM_|NODE_ENV$|NODE_OPTIONS$|NODE_PATH$|VITEST|INIT_CWD$)/.test(name),
    ),
  );
}
