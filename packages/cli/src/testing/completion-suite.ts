import { expect, test } from 'vitest';
import { completeInShell, type Shell } from './complete-in-shell.ts';

const FILES = ['pipeline.yaml', 'config.yaml', 'my file.json'];

/** What is typed, and what the line is after TAB. */
const LINES: [typed: string, completed: string][] = [
  ['aries extr', 'aries extract'],
  ['aries dat', 'aries dataset'],
  ['aries dataset rej', 'aries dataset rejected'],
  ['aries completion z', 'aries completion zsh'],
  ['aries extract --full', 'aries extract --full-refresh'],
  // Not a flag of this command.
  ['aries load --full', 'aries load --full'],
  ['aries extract --log-level de', 'aries extract --log-level debug'],
  ['aries extract --log-level=de', 'aries extract --log-level=debug'],
  ['aries load postgres --disposition app', 'aries load postgres --disposition append'],
  ['aries schedule airflow pipeline.yaml --operator k', 'aries schedule airflow pipeline.yaml --operator kubernetes'],
  ['aries run pipe', 'aries run pipeline.yaml'],
  ['aries run --skip-empty pipe', 'aries run --skip-empty pipeline.yaml'],
  ['aries run my', 'aries run my\\ file.json'],
  ['aries extract --config @conf', 'aries extract --config @config.yaml'],
  ['aries extract --config=@conf', 'aries extract --config=@config.yaml'],
  ['aries extract --result-file my', 'aries extract --result-file my\\ file.json'],
  // Names are free text.
  ['aries new connector pipe', 'aries new connector pipe'],
  ['aries extract --run-id pipe', 'aries extract --run-id pipe'],
];

/** Tests the completion script of a shell by typing into it. */
export function testCompletion(shell: Shell): void {
  test(`${shell} completes commands, flags, values and files`, async () => {
    const completed = await completeInShell(
      shell,
      LINES.map(([typed]) => typed),
      FILES,
    );
    expect(completed.map((line) => line.trimEnd())).toEqual(LINES.map(([, line]) => line));
  });
}
