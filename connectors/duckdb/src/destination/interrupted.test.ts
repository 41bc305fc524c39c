import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type Disposition, fieldSchema, type JsonRecord } from '@aries-data/sdk';
import { expect, onTestFinished, test } from 'vitest';
import type { Stop } from '../testing/child.ts';
import { failure, loadInto, recordsOf, rowsOf, stage, tempFolder } from '../testing/index.ts';

const schema = {
  type: 'object' as const,
  properties: { id: fieldSchema('int64'), name: fieldSchema('string'), at: fieldSchema('date-time') },
  required: ['id', 'name', 'at'],
};
const old: JsonRecord[] = [{ id: '1', name: 'old', at: '2024-01-01T00:00:00Z' }];

function child(
  path: string,
  rows: string,
  disposition: Disposition,
  stop: Stop,
): ChildProcessByStdio<null, Readable, null> {
  const process_ = spawn(
    process.execPath,
    [`${import.meta.dirname}/../testing/child.ts`, path, rows, disposition, stop],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void process_.kill('SIGKILL'));
  return process_;
}

async function outputOf({ stdout }: { stdout: Readable }): Promise<string> {
  let output = '';
  for await (const chunk of stdout) output += chunk;
  return output;
}

async function loaded(): Promise<{ folder: string; path: string; load: () => Promise<unknown> }> {
  const folder = await tempFolder();
  const path = `${folder}/out.duckdb`;
  const staged = { folder, schema, primaryKey: ['id'], mode: 'full' as const };
  await loadInto({ path, input: await stage({ ...staged, records: old }) });
  const load = async () =>
    loadInto({ path, input: await stage({ ...staged, records: [{ ...old[0]!, name: 'new' }] }) });
  return { folder, path, load };
}

test.each([
  ['written', 'replace'],
  ['applied', 'replace'],
  ['applied', 'merge'],
  ['applied', 'append'],
] satisfies [Stop, Disposition][])(
  'killed once rows are %s (%s): the table is as it was, and nothing is left behind',
  async (stop, disposition) => {
    const { path, load } = await loaded();
    const process_ = child(path, '400000', disposition, stop);
    await once(process_.stdout, 'data');
    process_.kill('SIGKILL');
    await once(process_, 'exit');

    expect(await recordsOf({ path }, 'things')).toEqual(old);
    const tables = await rowsOf(path, 'SELECT table_name AS name FROM duckdb_tables() ORDER BY name');
    expect(tables).toEqual([{ name: '_aries_ledger' }, { name: 'things' }]);
    await load();
    expect(await recordsOf({ path }, 'things')).toEqual([{ ...old[0]!, name: 'new' }]);
  },
);

test('a load in another process ends this one with 75; afterwards it works', async () => {
  const { path, load } = await loaded();
  const process_ = child(path, '2000', 'replace', 'written');
  await once(process_.stdout, 'data');
  expect(await failure(load())).toMatchObject({ code: 'RESOURCE_BUSY', exitCode: 75 });
  process_.kill('SIGKILL');
  await once(process_, 'exit');
  await load();
});

test('of two loads at once in one process one wins, and the other ends with 75 or follows', async () => {
  const { path, folder } = await loaded();
  const staged = (name: string) =>
    stage({ folder, schema, records: [{ ...old[0]!, name }], primaryKey: ['id'], mode: 'full' });
  const inputs = [await staged('first'), await staged('second')];
  const results = await Promise.allSettled(inputs.map((input) => loadInto({ path, input, disposition: 'merge' })));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  for (const error of failures) expect(error).toMatchObject({ exitCode: 75 });
  expect(failures.length).toBeLessThan(2);
  expect(await rowsOf(path, 'SELECT count(*) AS n FROM things')).toEqual([{ n: '1' }]);
  expect(await rowsOf(path, 'SELECT count(*) AS n FROM _aries_ledger')).toEqual([{ n: String(3 - failures.length) }]);
});

test('memory does not grow with the rows', async () => {
  const memory = [];
  for (const rows of ['500000', '2000000']) {
    const output = await outputOf(child(`${await tempFolder()}/out.duckdb`, rows, 'merge', 'end'));
    memory.push((JSON.parse(output) as { maxRss: number }).maxRss);
  }
  expect(memory[1]).toBeLessThan(550);
  // DuckDB fills its own limit (128 MB) and what it allocates beside it in the first second; four times the rows are no four times that.
  expect(memory[1]! - memory[0]!).toBeLessThan(300);
}, 120_000);

test('a signal at any moment ends a load, and what was running has ended before the file is closed', async () => {
  const { folder, path } = await loaded();
  const records = Array.from({ length: 2000 }, (_, id) => ({ ...old[0]!, id: String(id) }));
  const input = await stage({ folder, schema, primaryKey: ['id'], mode: 'full', records });
  const takes = await timeOf(() => loadInto({ path, input, disposition: 'merge' }));
  for (let turn = 0; turn < 40; turn++) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), (turn / 40) * takes);
    await loadInto({ path, input, disposition: 'merge', force: true, signal: stop.signal }).catch((error) =>
      expect(error).toMatchObject({ code: 'INTERRUPTED' }),
    );
    clearTimeout(timer);
  }
  expect(await rowsOf(path, 'SELECT count(*) AS n FROM things')).toEqual([{ n: '2000' }]);
});

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
