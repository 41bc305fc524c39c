import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../../test/folders/temporary-folder.ts';
import { fixture, type RunOptions, runAries } from './testing/run-aries.ts';

const CANARY = 'canary-9f8e7d6c';
const folder = (): Promise<string> => temporaryFolder();

async function extract(config: object, options: RunOptions = {}, ...more: string[]) {
  const staging = join(await folder(), 'staging');
  return runAries(
    ['extract', fixture('numbers'), '--config', JSON.stringify(config), '--staging', staging, ...more],
    options,
  );
}

describe.concurrent('the result', () => {
  test('of a step is one line on stdout; the log is lines of JSON on stderr', async () => {
    const { code, stdout, stderr, result } = await extract({ count: 3, do: 'print' });
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(result).toEqual({
      ok: true,
      step: 'extract',
      dataset: expect.stringMatching(/^file:\/\/.*\/manifest\.json#sha256-[0-9a-f]{64}$/),
      runId: expect.any(String),
      name: 'numbers',
      streams: { numbers: { records: 3, rejected: 0, bytes: expect.any(Number) } },
      durationMs: expect.any(Number),
    });
    const messages = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    expect(messages).toEqual(
      expect.arrayContaining([
        'printed undefined',
        'printed to stderr undefined',
        'written without a line end undefined',
      ]),
    );
  });

  test.each([
    ['success after much log', { count: 1, do: 'log' }, 0],
    ['success of a connector that goes on printing', { count: 1, do: 'print' }, 0],
    ['failure', { count: 1, do: 'throw' }, 70],
  ])('is the last line of 2>&1: %s', async (_, config, exitCode) => {
    const { code, stdout, result } = await extract(config, { merged: true });
    expect(code).toBe(exitCode);
    expect(result.ok).toBe(exitCode === 0);
    expect(stdout.endsWith('}\n')).toBe(true);
    if (config.do === 'log') expect(stdout.split('\n').length).toBeGreaterThan(20_000);
  });

  test('is also written to --result-file, on success and on failure', async () => {
    const file = join(await folder(), 'result.json');
    const success = await extract({ count: 1 }, {}, '--result-file', file);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(success.result);
    const failure = await extract({ count: 1, do: 'throw' }, { env: { ARIES_RESULT_FILE: file } });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(failure.result);
    const usage = await runAries(['extract', '--nope', '--result-file', file]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(usage.result);
  });
});

describe.concurrent('exit codes, each with the failure line', () => {
  test.each([
    [
      '2: an unknown flag',
      ['extract', '--nope=x', '--staging', 's'],
      2,
      { code: 'USAGE', message: 'Unknown flag --nope' },
    ],
    [
      '2: a misspelt flag',
      ['extract', 'x', '--cofig=secret', '--staging', 's'],
      2,
      {
        message: 'Unknown flag --cofig',
        hint: 'Did you mean --config? aries extract --help lists its arguments and flags.',
      },
    ],
    [
      '2: a flag of another command',
      ['load', 'x', '--input', 'i', '--streams', 's'],
      2,
      {
        message: 'Unknown flag --streams',
        hint: 'It is a flag of aries extract. aries load --help lists its arguments and flags.',
      },
    ],
    ['2: a flag without its value', ['extract', '--staging'], 2, { message: 'Flag --staging expects a value' }],
    ['2: a missing flag', ['extract', './x.ts'], 2, { message: 'Missing required flag --staging' }],
    ['2: a missing argument', ['run'], 2, { message: 'Missing argument PIPELINE' }],
    [
      '2: a wrong value',
      ['extract', './x.ts', '--staging', 's', '--max-rejected', 'many'],
      2,
      { message: '--max-rejected: expected a number of records such as 10, or a share such as 0.5%, not "many"' },
    ],
    [
      '2: a wrong choice',
      ['load', 'x', '--input', 'i', '--disposition', 'upsert'],
      2,
      { message: 'Expected --disposition=upsert to be one of: append, replace, replace-interval, merge, history' },
    ],
    [
      '2: half an interval',
      ['extract', 'x', '--staging', 's', '--interval-start', '2026-01-01'],
      2,
      { message: 'All of the following must be provided when using --interval-start: --interval-end' },
    ],
    [
      '2: too many arguments',
      ['dataset', 'show', 'file:///a', 'file:///b'],
      2,
      { message: 'One argument too many', hint: 'aries dataset show --help lists its arguments and flags.' },
    ],
    [
      '2: an unknown command',
      ['extrct'],
      2,
      { code: 'USAGE', message: 'There is no command "aries extrct"', hint: 'Did you mean aries extract?' },
    ],
    [
      '2: an unknown second word',
      ['dataset', 'hed'],
      2,
      { message: 'There is no command "aries dataset hed"', hint: 'Did you mean aries dataset head?' },
    ],
    [
      '2: half a command',
      ['dataset'],
      2,
      {
        message: '"aries dataset" is not a complete command',
        hint: 'Commands: aries dataset list, aries dataset show, aries dataset head, aries dataset rejected, aries dataset prune, aries dataset rm.',
      },
    ],
    ['2: no command', [], 2, { message: 'No command was given' }],
    ['2: a flag before the command', ['--json', 'extract'], 2, { message: '--json comes before the command' }],
    [
      '78: an unknown connector',
      ['check', 'postgrs'],
      78,
      {
        code: 'CONNECTOR_NOT_FOUND',
        message: 'There is no connector "postgrs"',
        hint: 'Did you mean postgres?',
      },
    ],
    [
      '78: no such file',
      ['check', fixture('numbrs')],
      78,
      { code: 'CONNECTOR_NOT_FOUND', hint: expect.stringContaining('numbers.ts') },
    ],
    [
      '78: config that is no JSON',
      ['check', fixture('numbers'), '--config', '{"count":'],
      78,
      { code: 'CONFIG_INVALID', message: '--config is not valid JSON: it ends too early' },
    ],
    [
      '78: a missing field',
      ['check', fixture('numbers'), '--config', '{}'],
      78,
      {
        code: 'CONFIG_INVALID',
        connector: 'numbers',
        message: 'numbers: config count is missing: expected number (How many numbers)',
      },
    ],
    [
      '78: a missing reference',
      ['check', fixture('numbers'), '--config', `{"count":"\${env:NOWHERE}"}`],
      78,
      {
        code: 'CONFIG_REFERENCE',
        message: 'config count refers to the environment variable NOWHERE, which is not set',
      },
    ],
    [
      '75: an unreachable system',
      ['check', fixture('numbers'), '--config', '{"count":1,"do":"unreachable"}'],
      75,
      { code: 'UNREACHABLE', connector: 'numbers' },
    ],
  ])('%s', async (_, args, exitCode, error) => {
    const { code, result } = await runAries(args);
    expect(result).toEqual({
      ok: false,
      exitCode,
      error: {
        code: expect.any(String),
        kind: expect.any(String),
        message: expect.any(String),
        hint: expect.any(String),
        ...error,
      },
    });
    expect(code).toBe(exitCode);
  });

  test.each([
    ['65: rejected records', 'bad-record', 65, 'RECORDS_REJECTED'],
    ['70: a connector that throws', 'throw', 70, 'CONNECTOR_FAILED'],
    ['70: an uncaught error', 'throw-later', 70, 'BUG'],
    ['70: an unhandled rejection', 'reject-later', 70, 'BUG'],
    ['70: a promise that is never settled', 'never', 70, 'BUG'],
    ['70: a connector that ends the process', 'exit', 70, 'BUG'],
    ['75: unreachable', 'unreachable', 75, 'UNREACHABLE'],
    ['77: not allowed', 'not-allowed', 77, 'NOT_ALLOWED'],
  ])('%s', async (_, behaviour, exitCode, errorCode) => {
    const { code, stdout, result } = await extract({ count: 1, token: CANARY, do: behaviour });
    expect(result).toMatchObject({ ok: false, exitCode, error: { code: errorCode } });
    expect(code).toBe(exitCode);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a stack is printed only at --log-level debug', async () => {
    // The author's own line is always printed; this is a frame of a stack.
    const frame = /\\n +at .*numbers\.ts:/;
    expect((await extract({ count: 1, do: 'throw' })).stderr).not.toMatch(frame);
    expect((await extract({ count: 1, do: 'throw' }, {}, '--log-level', 'debug')).stderr).toMatch(frame);
    expect((await extract({ count: 1, do: 'throw' }, { env: { ARIES_LOG_LEVEL: 'debug' } })).stderr).toMatch(frame);
  });
});

describe.concurrent('the environment', () => {
  test('sets flags, and wrong values are refused', async () => {
    const staging = await folder();
    const env = { ARIES_STAGING: staging, ARIES_CONFIG: '{"count":2}', ARIES_NAME: 'job', ARIES_RUN_ID: 'r1' };
    expect((await runAries(['extract', fixture('numbers')], { env })).result).toMatchObject({
      ok: true,
      name: 'job',
      runId: 'r1',
    });
    const wrong = await runAries(['extract', fixture('numbers')], { env: { ...env, ARIES_MAX_REJECTED: 'many' } });
    expect(wrong.result).toMatchObject({ exitCode: 2, error: { message: expect.stringContaining('--max-rejected') } });
    const maybe = await runAries(['extract', fixture('numbers')], { env: { ...env, ARIES_FORCE: 'maybe' } });
    expect(maybe.result).toMatchObject({ exitCode: 2, error: { message: 'ARIES_FORCE is neither true nor false' } });
  });

  test('a config can come from stdin, also without a CONNECTOR', async () => {
    const cwd = await folder();
    await writeFile(
      join(cwd, 'package.json'),
      JSON.stringify({
        name: 'aries-connector-here',
        version: '2.0.0',
        keywords: ['aries-connector'],
        exports: './index.ts',
      }),
    );
    await writeFile(join(cwd, 'index.ts'), `export * from ${JSON.stringify(fixture('numbers'))};`);
    const { result } = await runAries(['check', '--config', '-'], { cwd, input: 'count: 3\n' });
    expect(result).toMatchObject({ ok: true, connector: 'here' });
  });
});

describe.concurrent('signals', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s ends with %i and the failure line last', async (signal, exitCode) => {
    const file = join(await folder(), 'result.json');
    let sent = false;
    const { code, result } = await extract(
      { count: 1, do: 'slow' },
      {
        merged: true,
        onOutput: (text, kill) => {
          if (!sent && text.includes('reading')) kill(signal);
          sent ||= text.includes('reading');
        },
      },
      '--result-file',
      file,
    );
    expect(code).toBe(exitCode);
    expect(result).toMatchObject({
      ok: false,
      exitCode,
      error: { code: 'INTERRUPTED', message: `Stopped by ${signal}` },
    });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(result);
  });

  test('a second signal ends the command even if the connector ignores the first', async () => {
    let sent: number | undefined;
    const { code, result } = await extract(
      { count: 1, do: 'deaf' },
      {
        onOutput: (text, kill) => {
          if (sent !== undefined || !text.includes('reading')) return;
          sent = performance.now();
          kill('SIGTERM');
          // Well after the first: two that arrive together count for one.
          setTimeout(() => kill('SIGTERM'), 1500);
        },
      },
    );
    expect(code).toBe(143);
    expect(result).toMatchObject({ ok: false, exitCode: 143 });
    expect(performance.now() - sent!).toBeLessThan(8000);
  });
});

describe.concurrent('secrets', () => {
  test.each(['debug', 'info', 'warn', 'error'])(
    'are in no output, file or staged object at --log-level %s',
    async (level) => {
      const root = await folder();
      for (const behaviour of ['print', 'throw', 'throw-later', 'reject-later', 'unreachable', 'not-allowed']) {
        const file = join(root, 'result.json');
        const config = { count: 2, token: `\${env:APP_TOKEN}`, do: behaviour };
        const env = { APP_TOKEN: CANARY, PGPASSWORD: `${CANARY}-pg` };
        const { stdout, stderr } = await extract(
          config,
          { env },
          '--log-level',
          level,
          '--result-file',
          file,
          '--staging',
          join(root, 'staging'),
        ).catch((error) => error);
        expect(stdout + stderr).not.toContain(CANARY);
        expect(stdout + stderr).not.toContain(Buffer.from(CANARY).toString('base64'));
        expect(await readFile(file, 'utf8')).not.toContain(CANARY);
      }
      for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) expect(await readFile(join(entry.parentPath, entry.name), 'latin1')).not.toContain(CANARY);
      }
    },
  );

  test('a literal one on the command line draws a warning, a reference does not', async () => {
    const config = { count: 1, token: CANARY };
    const warning = 'The config on the command line holds a secret';
    const typed = await extract(config);
    expect(typed.stderr).toContain(warning);
    expect(typed.stdout + typed.stderr).not.toContain(CANARY);
    expect(
      (await extract({ count: 1, token: `\${env:APP_TOKEN}` }, { env: { APP_TOKEN: CANARY } })).stderr,
    ).not.toContain(warning);
    const args = ['extract', fixture('numbers'), '--staging', await folder()];
    expect((await runAries(args, { env: { ARIES_CONFIG: JSON.stringify(config) } })).stderr).not.toContain(warning);
    expect((await runAries([...args, '--config', '-'], { input: JSON.stringify(config) })).stderr).not.toContain(
      warning,
    );
  });
});

describe.concurrent('text', () => {
  test('help is text on stdout, for aries, a topic and a command', async () => {
    for (const [args, words] of [
      [['--help'], 'TOPICS'],
      [['help', 'dataset'], 'dataset head'],
      [['extract', '--help'], '--staged-format'],
      [['dataset', 'head', '-h'], 'aries dataset head URI'],
    ] as const) {
      const { code, stdout, stderr } = await runAries(args);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain(words);
    }
  });

  test('--version is one line', async () => {
    expect((await runAries(['--version'])).stdout).toMatch(/^aries \d+\.\d+\.\d+\n$/);
    expect((await runAries(['-v'])).stdout).toMatch(/^aries \d+\.\d+\.\d+\n$/);
  });
});

// `script` gives a command a terminal; every Debian has it.
describe.runIf(process.platform === 'linux' && existsSync('/usr/bin/script'))('on a terminal', () => {
  test('people get a summary, a table or a sentence, and no JSON', async () => {
    const staging = join(await folder(), 'staging');
    const step = await onTerminal(`extract ${fixture('numbers')} --config '{"count":3}' --staging ${staging}`);
    expect(step).toMatch(
      /✔ extract of numbers, run .*\n {2}STREAM +RECORDS +REJECTED +BYTES\n {2}numbers +3 +0 +\d+ B\n {2}dataset file:/,
    );
    expect(step).not.toContain('{"');
    expect(await onTerminal('check postgrs')).toMatch(
      /^✖ There is no connector "postgrs" \(CONNECTOR_NOT_FOUND\)\n {2}→ Did you mean postgres\?/,
    );
    expect(await onTerminal(`spec ${fixture('numbers')}`)).toMatch(
      /OPTION +TYPE +DEFAULT\ncount +number +\(required\) How many numbers\n/,
    );
    expect(await onTerminal(`check ${fixture('numbers')} --config '{"count":3}'`)).toBe(
      'numbers is ready as source.\n',
    );
  });

  // A terminal that does not tell its size has 0 columns.
  test.each([80, 0])('aries alone shows the help and ends with 0, on %i columns', async (columns) => {
    const { code, stdout } = await runAries([], { terminal: '', columns });
    expect(code).toBe(0);
    expect(stdout).toContain('TOPICS');
    expect(stdout).toContain('Write a dataset to a destination');
  });

  test.each(['spec postgres', 'spec rest', 'doctor --staging .'])(
    'the tables of %s fit 80 columns',
    async (command) => {
      const text = await onTerminal(command, 80);
      expect(text.split('\n').length).toBeGreaterThan(5);
      expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  test('--json prints JSON there too', async () => {
    const text = await onTerminal(`check ${fixture('numbers')} --config '{"count":3}' --json`);
    expect(JSON.parse(text)).toMatchObject({ ok: true, connector: 'numbers' });
  });

  test('bars are drawn while a step runs and erased when it ends', async () => {
    const staging = join(await folder(), 'staging');
    const text = await onTerminal(
      `extract ${fixture('numbers')} --config '{"count":1,"do":"slow"}' --limit 30 --staging ${staging}`,
    );
    expect(text).toMatch(/[█░]{14} numbers extract +\d+ records/);
    expect(text.trimEnd().split('\n').slice(-4).join('\n')).not.toMatch(/[█░]/);
  });
});

async function onTerminal(command: string, columns = 120): Promise<string> {
  const { stdout } = await runAries([], { terminal: command, columns });
  return stripVTControlCharacters(stdout).replaceAll('\r', '');
}
