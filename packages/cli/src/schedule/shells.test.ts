import { execFile, spawn } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { scheduleHere } from './testing/schedule-here.ts';

// What of the generated files is a shell's, run by a shell. `aries` is a script that ends with the exit codes in the file `codes`, one a
// call, and writes down how it was called.
let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  folder = await temporaryFolder();
  await script(
    'aries',
    `echo "$*" >> ${folder}/calls; code=$(head -1 ${folder}/codes); sed -i 1d ${folder}/codes; exit $code`,
  );
  await script('sleep', `echo "sleep $*" >> ${folder}/calls; exit 0`);
  env = { ...process.env, PATH: `${folder}:${process.env.PATH}`, ARIES_PIPELINE: 'pipeline.yaml' };
});

async function script(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${text}\n`);
  await chmod(join(folder, name), 0o755);
}

const calls = async () => (await readFile(join(folder, 'calls'), 'utf8').catch(() => '')).trim().split('\n');

function run(command: string, args: string[]): Promise<number> {
  return new Promise((resolve) => {
    execFile(command, args, { env }, (error) => resolve(error === null ? 0 : Number(error.code)));
  });
}

describe('the line for cron', () => {
  async function line(...codes: number[]): Promise<number> {
    await writeFile(join(folder, 'codes'), codes.map((code) => `${code}\n`).join(''));
    const file = join(folder, 'p.yaml');
    await writeFile(file, 'name: orders\nsource: { use: file }\ndestination: { use: duckdb }\nschedule: "0 6 * * *"\n');
    const { text } = await scheduleHere([
      'cron',
      file,
      '--file',
      "it's.yaml",
      '--directory',
      folder,
      '--retries',
      '2',
      '--retry-delay',
      '1',
    ]);
    const [entry = ''] = text.split('\n').filter((one) => one !== '' && !one.startsWith('#'));
    expect(entry).toMatch(/^0 6 \* \* \* /);
    // What cron does with the rest of the line: up to a bare %, with \% for %.
    const [command = ''] = entry.slice('0 6 * * * '.length).split(/(?<!\\)%/);
    return run('/bin/sh', ['-c', command.replaceAll('\\%', '%')]);
  }

  test('runs the pipeline once if it succeeds', async () => {
    expect(await line(0)).toBe(0);
    expect(await calls()).toEqual([expect.stringMatching(/^run it's\.yaml --run-id cron-\d{8}T\d{4}Z$/)]);
  });

  test('retries after 75 with the same run id, doubling the wait', async () => {
    expect(await line(75, 75, 0)).toBe(0);
    const [first, ...rest] = await calls();
    expect(rest).toEqual(['sleep 1', first, 'sleep 2', first]);
  });

  test('gives up after the last retry', async () => {
    expect(await line(75, 75, 75)).toBe(75);
    expect(await calls()).toHaveLength(5);
  });

  test.each([65, 70, 77, 78, 143])('%i is not retried', async (code) => {
    expect(await line(code)).toBe(code);
    expect(await calls()).toHaveLength(1);
  });

  test('does nothing while the previous run is in progress', async () => {
    const holder = spawn('/bin/sh', [
      '-c',
      `mkdir -p ${folder}/.aries; exec 9>${folder}/.aries/orders.lock; flock 9; echo held; read -r _`,
    ]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    expect(await line(0)).toBe(0);
    expect(await calls()).toEqual(['']);
    holder.stdin.end();
  });
});

describe('the last container of an Indexed Job', () => {
  async function lastSteps(): Promise<string[]> {
    const state = join(import.meta.dirname, 'golden/state.yaml');
    const { text } = await scheduleHere(['kubernetes', state, '--image', 'x', '--partitions', '2']);
    const [container] = parse(text).spec.jobTemplate.spec.template.spec.containers;
    return [...container.command, ...container.args];
  }

  test.each([
    ['all partitions are there', [0, 0], 0, ['dedupe', 'load']],
    ['others are not done', [99], 0, ['dedupe']],
    ['the load has to be tried again', [0, 75], 75, ['dedupe', 'load']],
    ['the data is bad', [65], 65, ['dedupe']],
  ])('%s', async (_, codes, exitCode, steps) => {
    await writeFile(join(folder, 'codes'), codes.map((code) => `${code}\n`).join(''));
    const [command = '', ...args] = await lastSteps();
    expect(await run(command, args)).toBe(exitCode);
    expect(await calls()).toEqual(steps.map((step) => `run pipeline.yaml --step ${step} --skip-missing`));
  });

  test('SIGTERM reaches aries, and its exit code is the container’s', async () => {
    await script(
      'aries',
      `trap 'echo stopped >> ${folder}/calls; exit 143' TERM; echo started; while :; do /bin/sleep 0.05; done`,
    );
    const [command = '', ...args] = await lastSteps();
    const shell = spawn(command, args, { env });
    const ended = new Promise((resolve) => shell.on('close', resolve));
    await new Promise((resolve) => shell.stdout.once('data', resolve));
    shell.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(await calls()).toEqual(['stopped']);
  });
});
