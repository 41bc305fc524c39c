import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { fixture, runAries } from '../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

let root: string;
let staging: string;
let dataset: string;

beforeAll(async () => {
  root = await temporaryFolder();
  staging = join(root, 'staging');
  const flags = ['--max-rejected', '1', '--name', 'job', '--run-id', 'r1'];
  dataset = (await extract('{"count":25,"do":"bad-record"}', ...flags)).result.dataset;
});

function extract(config: string, ...flags: string[]) {
  return runAries(['extract', fixture('numbers'), '--config', config, '--staging', staging, ...flags]);
}

test('show describes a dataset', async () => {
  const { result } = await runAries(['dataset', 'show', dataset]);
  expect(result).toMatchObject({
    ok: true,
    dataset,
    name: 'job',
    runId: 'r1',
    step: 'extract',
    connector: { name: 'numbers' },
    streams: { numbers: { counts: { read: 26, staged: 25, rejected: 1 } } },
  });
  expect((await runAries(['dataset', 'show', `${staging}/job/r1/extract`])).result).toEqual(result);
});

test('head prints records, and nothing else', async () => {
  const three = await runAries(['dataset', 'head', dataset, '-n', '3']);
  expect(three).toMatchObject({ code: 0, stdout: '{"n":0}\n{"n":1}\n{"n":2}\n', stderr: '' });
  expect((await runAries(['dataset', 'head', dataset])).stdout.split('\n')).toHaveLength(11);
  expect((await runAries(['dataset', 'head', dataset, '--records', '100'])).stdout.split('\n')).toHaveLength(26);
  expect((await runAries(['dataset', 'head', dataset, '-n', '0'])).stdout).toBe('');
});

test('a reader that stops early ends the command quietly', async () => {
  const long = (await extract('{"count":50000}')).result.dataset;
  const { stdout, stderr } = await runAries(['dataset', 'head', long, '-n', '50000'], { pipedTo: 'head -n 1' });
  expect({ stdout, stderr }).toEqual({ stdout: '{"n":0}\n', stderr: '' });
});

test('rejected prints the rejected records with their reasons', async () => {
  const { stdout } = await runAries(['dataset', 'rejected', dataset]);
  expect(JSON.parse(stdout)).toMatchObject({
    stream: 'numbers',
    origin: 'numbers.ndjson:17',
    reason: 'not a number',
    record: { n: 'x' },
  });
});

test('the failure of a command that prints text is not in that text', async () => {
  const { code, stdout, stderr } = await runAries(['dataset', 'head', dataset, '--stream', 'letters']);
  expect(stdout).toBe('');
  expect(code).toBe(78);
  expect(JSON.parse(stderr.trim().split('\n').at(-1)!)).toMatchObject({
    ok: false,
    exitCode: 78,
    error: { code: 'STREAM_UNKNOWN' },
  });
});

test('extract, load, and a load of a missing dataset', async () => {
  const path = join(root, 'lines.ndjson');
  const load = (input: string, ...more: string[]) =>
    runAries(['load', fixture('lines'), '--config', JSON.stringify({ path }), '--input', input, ...more]);
  const loaded = await load(dataset);
  expect(loaded.result).toMatchObject({ ok: true, step: 'load', streams: { numbers: { records: 25 } } });
  expect((await readFile(path, 'utf8')).split('\n')).toHaveLength(26);
  expect(await load(`${staging}/job/r2/extract`)).toMatchObject({
    code: 75,
    result: { error: { code: 'INPUT_NOT_READY' } },
  });
  expect(await load(`${staging}/job/r2/extract`, '--skip-missing')).toMatchObject({
    code: 99,
    result: { ok: false, exitCode: 99, error: { code: 'NOTHING_TO_DO' } },
  });
});

test('a pipeline runs all its steps, or one', async () => {
  const file = join(root, 'pipeline.yaml');
  const path = join(root, 'pipeline.ndjson');
  const pipeline = {
    name: 'numbers',
    source: { use: fixture('numbers'), config: { count: 4 } },
    destination: { use: fixture('lines'), config: { path } },
    staging,
  };
  await writeFile(file, JSON.stringify(pipeline));
  const { code, result } = await runAries(['run', file]);
  expect(result).toMatchObject({
    ok: true,
    step: 'load',
    name: 'numbers',
    steps: { extract: { streams: { numbers: { records: 4 } } }, load: { ok: true } },
  });
  expect(code).toBe(0);
  expect((await runAries(['run', file, '--step', 'extract', '--run-id', 'p1'])).result).toMatchObject({
    ok: true,
    step: 'extract',
    runId: 'p1',
  });
  expect((await runAries(['run', file, '--step', 'load', '--run-id', 'p1'])).result).toMatchObject({
    ok: true,
    step: 'load',
    runId: 'p1',
  });
  expect((await runAries(['run', file, '--dry-run'])).result).toMatchObject({
    ok: true,
    steps: ['extract', 'load'],
    streams: [{ stream: 'numbers', mode: 'full', disposition: 'replace', changes: [] }],
  });
  expect((await runAries(['run', join(root, 'nowhere.yaml')])).result).toMatchObject({
    exitCode: 78,
    error: { code: 'NOT_FOUND' },
  });
});

test('state is shown and reset', async () => {
  const flags = ['--staging', staging, '--name', 'job'];
  expect((await runAries(['state', 'show', ...flags])).result).toEqual({
    ok: true,
    name: 'job',
    version: 0,
    streams: {},
  });
  const reset = await runAries(['state', 'reset', ...flags]);
  expect(reset.result).toEqual({ ok: true, name: 'job', streams: [], ledgerRows: 0 });
  expect(reset.stderr).toContain('the ledger of the destination still records what was loaded');
});

test('rm deletes a dataset', async () => {
  const copy = (await runAries(['extract', fixture('numbers'), '--config', '{"count":1}', '--staging', staging])).result
    .dataset;
  expect((await runAries(['dataset', 'rm', copy])).result).toMatchObject({ ok: true, dataset: copy });
  expect((await runAries(['dataset', 'show', copy])).code).toBe(75);
});

test('list shows what is loaded, on a page of 80 characters, and prune deletes it', async () => {
  const file = join(root, 'kept.yaml');
  const path = join(root, 'kept.ndjson');
  const own = join(root, 'kept');
  const pipeline = {
    name: 'a-pipeline-with-a-long-name',
    source: { use: fixture('numbers'), config: { count: 4 } },
    destination: { use: fixture('lines'), config: { path } },
    staging: own,
    retention: { keepLast: 1 },
  };
  await writeFile(file, JSON.stringify(pipeline));
  for (const run of ['scheduled__2026-01-30T00:00:00+00:00', 'scheduled__2026-01-31T00:00:00+00:00']) {
    const { result } = await runAries(['run', file, '--run-id', run]);
    // Nothing is deleted so soon after its load.
    expect(result).toMatchObject({ ok: true });
    expect(result.pruned).toBeUndefined();
  }
  await runAries(['run', file, '--step', 'extract', '--run-id', 'waiting']);
  const { result } = await runAries(['dataset', 'list', '--staging', own]);
  expect(result).toMatchObject({ ok: true, older: 0, staging: own });
  expect(result.datasets).toMatchObject([
    { run: 'scheduled__2026-01-30T00:00:00+00:00', step: 'extract', records: 4, loaded: 'yes' },
    { run: 'scheduled__2026-01-31T00:00:00+00:00', step: 'extract', records: 4, loaded: 'yes' },
    { run: 'waiting', records: 4, rejected: 0, loaded: 'no' },
  ]);
  const shown = await runAries([], { terminal: `dataset list --staging ${own}`, columns: 80 });
  const lines = shown.stdout.split('\n').map((line) => line.trimEnd());
  expect(lines.filter((line) => stripVTControlCharacters(line).length > 80)).toEqual([]);
  expect(shown.stdout).toContain('waiting');

  expect((await runAries(['dataset', 'prune', '--staging', own])).result).toMatchObject({
    exitCode: 2,
    error: { code: 'USAGE', hint: expect.stringContaining('--keep-last') },
  });
  expect((await runAries(['dataset', 'prune', '--staging', own, '--keep', 'soon'])).code).toBe(2);
  const old = new Date(Date.now() - 3_600_000);
  for (const entry of await readdir(own, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), old, old);
  }
  const dry = await runAries(['dataset', 'prune', '--staging', own, '--keep-last', '1', '--dry-run']);
  expect(dry.result).toMatchObject({ ok: true, dryRun: true, runs: 1 });
  expect(dry.stderr).toContain('Would delete a-pipeline-with-a-long-name scheduled__2026-01-30');
  const { stdout } = await runAries([], { terminal: `dataset prune --staging ${own} --keep-last 1`, columns: 80 });
  expect(stdout).toContain('Deleted 1 run (');
  expect((await runAries(['dataset', 'list', '--staging', own])).result.datasets).toHaveLength(2);

  // The next load deletes what the pipeline need not keep any more.
  for (const entry of await readdir(own, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) await utimes(join(entry.parentPath, entry.name), old, old);
  }
  const next = await runAries(['run', file, '--run-id', 'next']);
  expect(next.result).toMatchObject({ ok: true, pruned: { runs: 1 } });
  const { datasets } = (await runAries(['dataset', 'list', '--staging', own])).result;
  expect(datasets.map(({ run }: { run: string }) => run)).toEqual(['waiting', 'next']);
});
