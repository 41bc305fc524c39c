/**
 * Measures Aries against psql's COPY on this machine. All take turns; results are medians, as multiples of the baseline's speed.
 *
 *     node bench/run.ts [--quick] [--rows N] [--rounds N] [--memory] [--staging s3://bucket/prefix] [--out FILE]
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from '../packages/cli/bundle.ts';
import { startPostgres } from '../test/services/postgres.ts';
import { query } from '../test/services/query.ts';
import { type Contest, contests, NAIVE, type Place, TO_FILE } from './contests.ts';
import { DURABLE } from './durable.ts';
import { median, rounded } from './median.ts';
import { programOf } from './programs.ts';
import type { Run } from './run-process.ts';
import { wideTable } from './wide-table.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rows: { type: 'string' },
    rounds: { type: 'string' },
    memory: { type: 'boolean', default: false },
    staging: { type: 'string' },
    out: { type: 'string', default: fileURLToPath(new URL('results.json', import.meta.url)) },
  },
});
const rows = Number(values.rows ?? (values.quick ? 300_000 : 2_000_000));
const rounds = Number(values.rounds ?? 5);
const root = fileURLToPath(new URL('..', import.meta.url));

await using server = await startPostgres({ settings: DURABLE });
const folder = await mkdtemp(join(tmpdir(), 'aries-bench-'));
await bundle(join(root, 'packages/cli/dist'));
const place: Place = {
  source: server.url,
  target: await server.createDatabase('target'),
  table: 'wide',
  folder,
  aries: join(root, 'packages/cli/dist/main.js'),
  psql: programOf('psql') === 'psql',
  s3: values.staging,
};

try {
  console.log(
    `${rows.toLocaleString('en')} rows; ${rounds} rounds; ${place.psql ? 'psql' : 'two raw COPY connections in place of psql'}`,
  );
  await query(place.source, ...wideTable('wide', rows));
  const bytes = await copyBytes();
  const table = await measure(contests(place), bytes);
  console.table(table);
  const start = await startUp();
  console.table(start);
  // The bench's own test has few rows, and little time.
  const megabytes = rows < 100_000 ? '6' : '60';
  const codecs = [tableOf('codecs'), tableOf('json-array'), tableOf('csv-files', '--megabytes', megabytes)];
  const incremental = Object.assign(
    {},
    place.psql ? tableOf('merge', '--rows', String(rows / 2), '--rounds', String(rounds)) : {},
    programOf('pg_recvlogical') === undefined
      ? {}
      : tableOf('postgres-log', '--changes', String(Math.round(rows * 0.3)), '--rounds', String(rounds)),
    tableOf('small-files', '--files', String(Math.round(rows / 20)), '--turns', '1'),
  ) as object;
  const memory = values.memory ? await peaks() : undefined;
  if (memory !== undefined) console.table(memory);
  const results = {
    date: new Date().toISOString().slice(0, 10),
    machine: { cores: availableParallelism(), memoryGB: Math.round(totalmem() / 1e9), node: process.version },
    rows,
    rounds,
    bytes,
    psql: place.psql,
    contests: table,
    start,
    libraries: Object.assign({}, ...codecs) as object,
    incremental,
    ...(memory === undefined ? {} : { memory }),
  };
  await writeFile(values.out, `${JSON.stringify(results, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Returns the size of the table in COPY's text format, in bytes. */
async function copyBytes(): Promise<number> {
  const run = contests(place).find(({ name }) => name === TO_FILE)!;
  await run.run();
  return (await stat(join(folder, 'theirs.txt'))).size;
}

interface Line {
  seconds: number;
  'rows/s': number;
  'of the baseline': number;
  'at least'?: number;
  'CPU s/GB'?: number;
  'peak MB'?: number;
}

async function measure(all: readonly Contest[], bytes: number): Promise<Record<string, Line>> {
  const runs = new Map(all.map(({ name }) => [name, [] as Run[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, prepare, run } of all) {
      // It takes as long as all the others together, so once is enough.
      if (name === NAIVE && round > 0) continue;
      await prepare?.();
      // Pending writes of one contest must not slow down the next.
      await query(place.source, 'CHECKPOINT');
      runs.get(name)!.push(await run());
    }
    console.error(`round ${round + 1} of ${rounds}`);
  }
  const secondsOf = (name: string) => median(runs.get(name)!.map(({ seconds }) => seconds));
  return Object.fromEntries(
    all.map(({ name, baseline, atLeast }): [string, Line] => {
      const seconds = secondsOf(name);
      const cpu = runs.get(name)!.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
      const peak = runs.get(name)!.flatMap(({ peakMegabytes }) => peakMegabytes ?? []);
      return [
        name,
        {
          seconds: rounded(seconds),
          'rows/s': Math.round(rows / seconds),
          'of the baseline': rounded(secondsOf(baseline) / seconds),
          ...(atLeast === undefined ? {} : { 'at least': atLeast }),
          ...(cpu.length === 0 ? {} : { 'CPU s/GB': rounded(median(cpu) / (bytes / 1e9)) }),
          ...(peak.length === 0 ? {} : { 'peak MB': Math.round(Math.max(...peak)) }),
        },
      ];
    }),
  );
}

/** Measures how long short commands take, in milliseconds and as multiples of bare Node. */
async function startUp(): Promise<Record<string, object>> {
  const commands: Record<string, string[]> = {
    'node -e 0': ['-e', '0'],
    'aries --version': [place.aries, '--version'],
    'aries --help': [place.aries, '--help'],
  };
  const taken = new Map(Object.keys(commands).map((name) => [name, [] as number[]]));
  for (let turn = 0; turn < 20; turn++) {
    for (const [name, args] of Object.entries(commands)) {
      const started = performance.now();
      spawnSync(process.execPath, args, { stdio: 'ignore' });
      taken.get(name)!.push(performance.now() - started);
    }
  }
  const bare = median(taken.get('node -e 0')!);
  return Object.fromEntries(
    [...taken].map(([name, all]) => [
      name,
      { milliseconds: Math.round(median(all)), 'times bare node': rounded(median(all) / bare) },
    ]),
  );
}

/** Runs another bench of this folder, prints its table and returns it. */
function tableOf(name: string, ...flags: string[]): Record<string, object> {
  const args = [fileURLToPath(new URL(`${name}.ts`, import.meta.url)), '--json', ...flags];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1e8 });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  const table = JSON.parse(stdout) as Record<string, object>;
  console.table(table);
  return table;
}

/** Measures the peak memory of each lane, which must not grow with the number of rows. */
async function peaks(): Promise<Record<string, Record<string, number>>> {
  const lanes = contests(place).filter(({ name }) => name.startsWith('aries run') && !name.includes('S3'));
  const table: Record<string, Record<string, number>> = Object.fromEntries(lanes.map(({ name }) => [name, {}]));
  for (const count of [300_000, 2_000_000, 10_000_000]) {
    await query(place.source, 'DROP TABLE wide', ...wideTable('wide', count));
    for (const { name, prepare, run } of lanes) {
      await prepare?.();
      const { peakMegabytes = 0 } = await run();
      table[name]![`${count / 1e6} M rows, MB`] = Math.round(peakMegabytes);
    }
  }
  return table;
}
