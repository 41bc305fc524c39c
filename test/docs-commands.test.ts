import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { freshDatabase } from './services/database.ts';

const root = resolve(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

// Its commands run outside this repository; test/integration/outside.test.ts tests them.
const OUTSIDE = 'docs/guides/first-connector.md';

// .ci/run runs these on a fresh clone; here they would run this test inside itself. An integration test runs the bench.
const RUN_BY_CI = new Set(['install', 'test', 'check', 'test:integration', 'changeset', 'bench']);
const ARIES = 'npx aries ';
const PNPM = 'npx --yes pnpm@12 ';

const files = ['*.md', 'docs/**/*.md', 'connectors/*/README.md', 'examples/**/*.md']
  .flatMap((pattern) => globSync(pattern, { cwd: root }))
  .filter((file) => file !== OUTSIDE)
  .sort();
const documented = files
  .map((file) => ({ file, commands: commandsOf(readFileSync(join(root, file), 'utf8')) }))
  .filter(({ commands }) => commands.length > 0);

describe.each(documented)('$file', ({ commands }) => {
  test('every command works, in order', async () => {
    await using database = await freshDatabase();
    const cwd = await temporaryFolder();
    for (const name of ['node_modules', 'examples']) await symlink(join(root, name), join(cwd, name));
    for (const command of commands) {
      if (command.startsWith(ARIES)) {
        const { code, output } = await (command.includes(' --follow') ? untilFollowing : inShell)(command, {
          cwd,
          env: { DATABASE_URL: database.url },
        });
        expect({ command, code, output: code === 0 ? '' : output }).toEqual({ command, code: 0, output: '' });
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
  for (const _ of ['first', 'second']) {
    const { code, output } = await run(process.execPath, [join(root, 'examples/cities/demo.ts')]);
    expect(code, output).toBe(0);
    expect(output).toContain('"records":171075,');
    expect(output).toMatch(/ {2}US +\d{4,}\n/);
  }
});

/** Extracts the commands of all `sh` blocks, with continuation lines joined and comments removed. */
function commandsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

interface Place {
  cwd?: string;
  env?: Record<string, string>;
}

/** Runs a command as written, with redirections and quotes. npx must not ask a registry for missing packages. */
function inShell(command: string, { cwd, env }: Place) {
  return run('/bin/sh', ['-c', command], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { npm_config_offline: 'true', ...env },
  });
}

/** Runs a command that ends only at a signal: it is sent once the command works, and the code is 0 if the end says so. */
function untilFollowing(command: string, { cwd, env }: Place) {
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; output: string }>();
  // A group of its own, so that the signal also reaches what npx starts.
  const options = { detached: true, cwd, env: { ...process.env, npm_config_offline: 'true', ...env } };
  const child = spawn('/bin/sh', ['-c', command], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let sent = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      if (!sent && output.includes('"message":"Following ')) process.kill(-child.pid!, 'SIGTERM');
      sent ||= output.includes('"message":"Following ');
    });
  }
  child.on('close', (code) => resolve({ code: output.includes('{"ok":false,"exitCode":143,') ? 0 : code, output }));
  return promise;
}

function run(file: string, args: readonly string[], { cwd, env }: Place = {}) {
  return new Promise<{ code: number | null; output: string }>((done) => {
    const child = spawn(file, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('close', (code) => done({ code, output }));
  });
}
