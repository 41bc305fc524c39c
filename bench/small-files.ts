/**
 * Measures how many small csv files are staged in a second: all of them, with Aries and with DuckDB's glob on one thread; and what an
 * incremental read costs that finds one new file among them. All take turns and the best turn counts, because disturbances only ever
 * make a run slower.
 *
 *     node bench/small-files.ts [--files 100000] [--turns 3]
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { bundle } from '../packages/cli/bundle.ts';
import { type Run, runNode } from './run-process.ts';

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    turns: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const files = Number(values.files);
const IN_A_FOLDER = 1000;
const OLD = new Date('2026-01-01');

const folder = await mkdtemp(join(tmpdir(), 'aries-bench-'));
const dist = fileURLToPath(new URL('../packages/cli/dist', import.meta.url));
const glob = join(folder, 'in/**/*.csv');

async function put(index: number): Promise<void> {
  const within = join(folder, 'in', String(Math.floor(index / IN_A_FOLDER)).padStart(4, '0'));
  if (index % IN_A_FOLDER === 0) await mkdir(within, { recursive: true });
  const at = OLD.toISOString();
  await writeFile(join(within, `${index}.csv`), `id,name,at\n${index},name ${index},${at}\n-${index},other,${at}\n`);
}

/** Runs a command of Aries, in a staging of its own if it has a number. */
function aries(command: string, config: object, staging: string, ...more: string[]): Promise<Run> {
  const place = command === 'extract' ? ['--staging', staging, '--name', 'x'] : [];
  return runNode([join(dist, 'main.js'), command, 'file', '--config', JSON.stringify(config), ...place, ...more]);
}

const full = { url: glob, stream: 'x' };
const incremental = { ...full, incremental: true, settle: '0s' };
let runs = 0;

/** Makes a staging whose state has read all files. */
async function readOnce(staging: string): Promise<Run> {
  const first = await aries('extract', incremental, staging, '--run-id', 'first');
  const input = ['--input', join(staging, 'x/first/extract'), '--disposition', 'append'];
  await aries('load', { path: join(folder, 'out') }, staging, ...input);
  return first;
}

const best: Record<string, Run> = {};
function note(name: string, run: Run): void {
  if (run.seconds < (best[name]?.seconds ?? Number.POSITIVE_INFINITY)) best[name] = run;
}

const table: Record<string, object> = {};
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const duckdb = await instance.connect();
try {
  await bundle(dist);
  for (let index = 0; index < files; index++) await put(index);
  const known = join(folder, 'known');
  note('each file once, first run', await readOnce(known));
  for (let turn = 0; turn < Number(values.turns); turn++) {
    note('all files', await aries('extract', full, join(folder, `staging-${turn}`)));
    await put(files + turn);
    note('one new file among them', await aries('extract', incremental, known, '--run-id', `again-${++runs}`));
    const started = performance.now();
    const out = join(folder, `duckdb-${turn}.ndjson.zst`);
    await duckdb.run(`COPY (FROM read_csv('${glob}')) TO '${out}' (FORMAT json, COMPRESSION zstd)`);
    note('DuckDB, read_csv of a glob', { seconds: (performance.now() - started) / 1000 });
  }
  for (const [name, { seconds, cpuSeconds, peakMegabytes }] of Object.entries(best)) {
    table[`${files.toLocaleString('en')} small files: ${name}`] = {
      seconds: Number(seconds.toFixed(1)),
      'files/s': Math.round(files / seconds),
      ...(cpuSeconds === undefined ? {} : { 'CPU s': Number(cpuSeconds.toFixed(1)) }),
      ...(peakMegabytes === undefined ? {} : { 'peak MB': Math.round(peakMegabytes) }),
    };
  }
} finally {
  duckdb.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(table));
else console.table(table);
