import { execFile, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { runAries } from './run-aries.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** How a shell is started without anybody's own settings, and what makes its completion ready. */
const START = {
  bash: { command: 'bash --norc --noprofile -i', ready: ['PS1=', 'eval "$(cat completion)"'] },
  zsh: {
    command: 'zsh -f -i',
    ready: ['PROMPT=', 'autoload -U compinit', 'compinit -D -u', 'bindkey -e', 'eval "$(cat completion)"'],
  },
};

// The line goes to a file instead of being run: to its start, to its end.
const SAVE = (file: string) => `\x01printf '%s\\n' '\x05' >> ${file}\n`;

/**
 * Types each line into a shell, in a folder with these files, presses TAB, and returns the lines as they stand then. fish is asked
 * for its candidates instead: the only one completes the line.
 */
export async function completeInShell(
  shell: Shell,
  lines: readonly string[],
  files: readonly string[],
): Promise<string[]> {
  const folder = await temporaryFolder();
  const { stdout } = await runAries(['completion', shell]);
  await writeFile(join(folder, 'completion'), stdout);
  for (const file of files) await writeFile(join(folder, file), '');
  return shell === 'fish' ? askFish(folder, lines) : typeInto(START[shell], folder, lines);
}

async function typeInto(
  { command, ready }: { command: string; ready: readonly string[] },
  folder: string,
  lines: readonly string[],
): Promise<string[]> {
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, TERM: 'dumb' },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = new Promise((done) => child.on('close', done));
  child.stdin.write([...ready, ''].join('\n'));
  for (const line of lines) child.stdin.write(`${line}\t${SAVE('lines')}`);
  child.stdin.end('exit\n');
  await ended;
  return (await readFile(join(folder, 'lines'), 'utf8')).trimEnd().split('\n');
}

async function askFish(folder: string, lines: readonly string[]): Promise<string[]> {
  const completed: string[] = [];
  for (const line of lines) {
    const { stdout } = await promisify(execFile)('fish', ['-N', '-c', 'source completion; complete -C $argv', line], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder },
    });
    const [candidate, ...others] = stdout.split('\n').filter((text) => text !== '');
    const isOnly = candidate !== undefined && others.length === 0;
    // As fish puts a candidate into the line.
    const word = candidate?.replace(/\t.*/, '').replaceAll(' ', '\\ ');
    completed.push(isOnly ? `${line.slice(0, line.lastIndexOf(' ') + 1)}${word}` : line);
  }
  return completed;
}
