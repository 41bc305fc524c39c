import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { freshDatabase } from './services/database.ts';

const root = resolve(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

// Its commands are those of somebody elsewhere: test/integration/outside.test.ts follows it.
const OUTSIDE = 'docs/guides/first-connector.md';

// Run by .ci/run itself, on a fresh clone: here they would run this test within itself. The bench is, by an integration test.
const RUN_BY_CI = new Set(['install', 'test', 'check', 'test:integration', 'changeset', 'bench']);
const ARIES = 'npx --yes pnpm@12 --silent aries ';
const PNPM = 'npx --yes pnpm@12 ';

const files = ['*.md', 'docs/**/*.md', 'connectors/*/README.md', 'examples/**/*.md']
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((file) => file !== OUTSIDE)
  .sort();
const documented = files
  .map((file) => ({ file, commands: commandsOf(readFileSync(join(root, file), 'utf8')) }))
  .filter(({ commands }) => commands.length > 0);

describe.each(documented)('$file', ({ commands }) => {
  test('every command it shows works, in order', async () => {
    await using database = await freshDatabase();
    const cwd = await mkdtemp(join(tmpdir(), 'aries-docs-'));
    for (const name of ['node_modules', 'examples']) await symlink(join(root, name), join(cwd, name));
    for (const command of commands) {
      if (command.startsWith(ARIES)) {
        const [, words = '', target] = /^(.*?)(?: > (\S+))?$/.exec(command.slice(ARIES.length)) ?? [];
        const { code, stdout, stderr } = await runAries(wordsOf(words), { cwd, env: { DATABASE_URL: database.url } });
        if (target !== undefined) await writeFile(join(cwd, target), stdout);
        expect({ command, code, output: code === 0 ? '' : stdout + stderr }).toEqual({ command, code: 0, output: '' });
      } else {
        const [script = ''] = command.startsWith(PNPM) ? command.slice(PNPM.length).split(' ') : [];
        expect({
          command,
          known:
            script === 'demo' ||
            (RUN_BY_CI.has(script) && (script in scripts || script === 'install' || script === 'changeset')),
        }).toEqual({ command, known: true });
      }
    }
  });
});

test('the demo that the README starts with runs twice and ends with the same table', async () => {
  const { spawn } = await import('node:child_process');
  const demo = () =>
    new Promise<{ code: number | null; output: string }>((done) => {
      const child = spawn(process.execPath, [join(root, 'examples/cities/demo.ts')], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      child.stderr.on('data', (chunk) => {
        output += chunk;
      });
      child.on('close', (code) => done({ code, output }));
    });
  for (const _ of ['first', 'second']) {
    const { code, output } = await demo();
    expect(code, output).toBe(0);
    expect(output).toContain('"records":171075,');
    expect(output).toMatch(/ {2}US +\d{4,}\n/);
  }
});

/** The lines of all `sh` blocks, continuation lines joined, comments left out. */
function commandsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Splits as a shell does: single quotes keep, double quotes group. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/(?:'([^']*)'|"([^"]*)"|([^\s'"]+))+/g)].map(([word]) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double),
  );
}
