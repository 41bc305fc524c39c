/** `aries run --follow` as a process: what it prints and serves, how it ends, and that nothing is lost or doubled when it is killed. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';

const MAIN = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');
const CONNECTOR = resolve(import.meta.dirname, '../../examples/follow/lines.ts');

/** A file to which lines are appended, and a pipeline that appends them to a table, which shows a line that is loaded twice. */
async function log() {
  const folder = await temporaryFolder();
  const [lines, database] = [join(folder, 'app.log'), join(folder, 'app.duckdb')];
  await writeFile(lines, '');
  await writeFile(
    join(folder, 'pipeline.yaml'),
    `name: app
source: { use: ${CONNECTOR}, config: { path: ${lines} } }
destination: { use: duckdb, config: { path: ${database} }, disposition: append }
staging: ${join(folder, 'staging')}
`,
  );
  let written = 0;
  return {
    folder,
    /** Appends the next lines. The last one of a call may be written in two halves. */
    async write(count: number, cut = false) {
      const text = Array.from({ length: count }, () => `line ${++written}`).join('\n');
      await appendFile(lines, cut ? text.slice(0, -2) : `${text}\n`);
      if (cut) await appendFile(lines, `${text.slice(-2)}\n`);
    },
    expected: () => Array.from({ length: written }, (_, index) => `line ${index + 1}`),
    async loaded(): Promise<unknown[]> {
      const instance = await DuckDBInstance.create(database);
      const connection = await instance.connect();
      const rows = await connection.runAndReadAll('SELECT text FROM lines ORDER BY line');
      connection.closeSync();
      instance.closeSync();
      return rows.getRowsJson().map(([text]) => text);
    },
  };
}

/** Starts `aries run --follow` and collects what it prints. */
function start(folder: string, ...more: string[]) {
  const args = [MAIN, 'run', 'pipeline.yaml', '--follow', '--every', '100ms', '--listen', '0', ...more];
  const child: ChildProcess = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const url = async () => {
    const found = () => /"listen":"(http[^"]+)"/.exec(output.stderr)?.[1];
    while (found() === undefined && child.exitCode === null) await sleep(20);
    return found() ?? expect.fail(output.stderr);
  };
  const get = async (path: string) => {
    const response = await fetch((await url()) + path);
    return { status: response.status, text: await response.text() };
  };
  return {
    child,
    output,
    ended,
    get,
    async until(path: string, found: (page: { status: number; text: string }) => boolean) {
      while (!found(await get(path))) await sleep(50);
    },
    async stop(signal: NodeJS.Signals) {
      child.kill(signal);
      const [code] = await ended;
      return { code, last: JSON.parse(output.stdout.trimEnd().split('\n').at(-1) ?? '') };
    },
  };
}

const metric = (text: string, name: string) => Number(new RegExp(`^${name}(?:\\{.*\\})? (.*)$`, 'm').exec(text)?.[1]);

describe.concurrent('following', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('loads what comes until %s, and then says what it did', async (signal, exitCode) => {
    const app = await log();
    await app.write(3);
    const process = start(app.folder);
    await process.until('/readyz', ({ status }) => status === 200);
    await app.write(2);
    await process.until('/metrics', ({ text }) => metric(text, 'aries_follow_records_total') === 5);
    await process.until('/metrics', ({ text }) => /outcome="nothing"} [1-9]/.test(text));
    expect((await process.get('/healthz')).status).toBe(200);
    const { code, last } = await process.stop(signal);
    expect(code).toBe(exitCode);
    expect(last).toEqual({
      ok: false,
      exitCode,
      error: {
        code: 'INTERRUPTED',
        kind: 'transient',
        message: `Stopped by ${signal}`,
        hint: 'Run the same command again: it goes on from what is loaded.',
      },
      followed: {
        runs: { loaded: 2, nothing: expect.any(Number), failed: 0 },
        records: 5,
        rejected: 0,
        deleted: 0,
      },
    });
    const messages = process.output.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message);
    expect(messages).toEqual([
      'Following pipeline.yaml: a run every 0.1 s until a signal',
      'Loaded 3 records',
      'Loaded 2 records',
      `Stopped by ${signal}`,
    ]);
    expect(await app.loaded()).toEqual(app.expected());
  });

  test('goes on if the process before it ended between its commit and its state', async () => {
    const app = await log();
    await app.write(3);
    const load = () => runAries(['run', 'pipeline.yaml'], { cwd: app.folder });
    expect(await load()).toMatchObject({ code: 0 });
    const state = join(app.folder, 'staging/app/state');
    const before = join(app.folder, 'before');
    await cp(state, before, { recursive: true });
    await app.write(2);
    expect(await load()).toMatchObject({ code: 0 });
    await rm(state, { recursive: true });
    await rename(before, state);
    await app.write(2);
    const process = start(app.folder);
    await process.until('/metrics', ({ text }) => metric(text, 'aries_follow_records_total') === 2);
    const { last } = await process.stop('SIGTERM');
    expect(last.followed.runs).toMatchObject({ failed: 1 });
    expect(await app.loaded()).toEqual(app.expected());
  });

  test('what a retry does not mend ends it, with what was counted', async () => {
    const app = await log();
    await app.write(1);
    const process = start(app.folder);
    await process.until('/readyz', ({ status }) => status === 200);
    await writeFile(join(app.folder, 'pipeline.yaml'), 'name: app\n');
    const [code] = await process.ended;
    expect(code).toBe(78);
    expect(JSON.parse(process.output.stdout)).toMatchObject({
      exitCode: 78,
      error: { code: 'PIPELINE_INVALID' },
      followed: { runs: { loaded: 1 }, records: 1 },
    });
  });

  test.each([
    ['--run-id', 'monday'],
    ['--step', 'extract'],
    ['--partition', '0/2'],
    ['--plan'],
    ['--dry-run'],
    ['--force'],
    ['--full-refresh'],
  ])('excludes %s', async (...flags) => {
    const { code, result } = await runAries(['run', 'pipeline.yaml', '--follow', ...flags]);
    expect(code).toBe(2);
    expect(result.error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('cannot also be provided') });
  });

  test.each(['--every', '--listen'])('%s needs it', async (flag) => {
    const { code, result } = await runAries(['run', 'pipeline.yaml', flag, flag === '--every' ? '10s' : '9400']);
    expect(code).toBe(2);
    expect(result.error.message).toContain('--follow');
  });
});

test('nothing is lost or doubled by a process that is killed ten times and stopped three times, at any moment', async () => {
  const app = await log();
  let writing = true;
  const writer = (async () => {
    for (let turn = 0; writing; turn++) {
      await app.write(1 + (turn % 50), turn % 3 === 0);
      await sleep(10);
    }
  })();
  const moments: number[] = [];
  for (const signal of [...Array<'SIGKILL'>(10).fill('SIGKILL'), ...Array<'SIGTERM'>(3).fill('SIGTERM')]) {
    const { child, ended, get } = start(app.folder);
    await get('/healthz');
    const moment = Math.random() * 1500;
    moments.push(moment);
    await sleep(moment);
    child.kill(signal);
    expect(await ended, `stopped at ${moments}`).toEqual(signal === 'SIGKILL' ? [null, signal] : [143, null]);
  }
  writing = false;
  await writer;
  const last = start(app.folder);
  await last.until('/metrics', ({ text }) => /outcome="nothing"} [1-9]/.test(text));
  expect((await last.stop('SIGTERM')).code).toBe(143);
  expect(app.expected().length).toBeGreaterThan(100);
  expect(await app.loaded(), `stopped at ${moments}`).toEqual(app.expected());
});
