/**
 * Measures how fast csv files are read with inferred types, in processor time, against csv-parse (text only) and DuckDB; and the
 * whole command that stages them, in elapsed time, against DuckDB on one thread and sling, if installed, each writing JSON lines.
 * All take turns and the best turn counts, because disturbances only ever make a run slower.
 *
 *     node bench/csv-files.ts [--megabytes 60] [--json]
 */
import { spawnSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { sourceConfig } from '../connectors/file/src/config.ts';
import { readFiles } from '../connectors/file/src/source/read-files.ts';
import { bundle } from '../packages/cli/bundle.ts';
import { createInference } from '../packages/formats/src/types/infer.ts';
import { isDeleted } from '../packages/sdk/src/changes.ts';
import { isCheckpoint, isRejected } from '../packages/sdk/src/records.ts';
import { noHttp } from '../packages/testing/src/no-http.ts';

const ofFileConnector = createRequire(new URL('../connectors/file/package.json', import.meta.url));
const { parse } = (await import(pathToFileURL(ofFileConnector.resolve('csv-parse')).href)) as {
  parse(options: object): NodeJS.ReadWriteStream & AsyncIterable<object>;
};

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '60' }, json: { type: 'boolean', default: false } },
});
const FILE_BYTES = Number(values.megabytes) * 1e6;
const TURNS = 4;

const two = (value: number) => String(value).padStart(2, '0');
const word = (index: number) => `word${(index * 7919) % 10_007}`;
const day = (index: number) => `2026-${two((index % 12) + 1)}-${two((index % 28) + 1)}`;

/** Kinds of rows: a header and a function that makes a row. */
const KINDS = {
  'csv files, 50-byte rows': [
    'id,name,price,active,day',
    (i: number) => `${i},${word(i)} ${word(i + 1)},${((i * 37) % 100_000) / 100 + 0.01},${i % 2 === 0},${day(i)}`,
  ],
  'csv files, 130-byte rows': [
    'id,customer,email,city,amount,share,active,created_at,day,note',
    (i: number) =>
      `${i},${(i * 7919) % 1_000_003},${word(i)}@example.com,${word(i + 2)},${(i * 37) % 100_000}.${two(i % 100)},` +
      `${i % 3 === 0 ? '' : `0.${(i % 900) + 100}`},${i % 2 === 0},${day(i)}T10:${two(i % 60)}:${two(i % 60)}Z,${day(i)},` +
      `${i % 5 === 0 ? `"${word(i)}, ""${word(i + 3)}"""` : `${word(i)} ${word(i + 3)} and more`}`,
  ],
} satisfies Record<string, [header: string, row: (index: number) => string]>;

interface Contestant {
  name: string;
  /** Reads the file and returns the number of rows, if known. */
  run(path: string): Promise<number | undefined>;
}

const folder = await mkdtemp(join(tmpdir(), 'aries-bench-'));
const dist = fileURLToPath(new URL('../packages/cli/dist', import.meta.url));
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const duckdb = await instance.connect();
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const READERS: Contestant[] = [
  {
    name: 'Aries',
    async run(path) {
      const inference = createInference();
      let rows = 0;
      const items = readFiles({
        config: sourceConfig.parse({ url: path }),
        log: silent,
        http: noHttp,
        signal: new AbortController().signal,
        stream: 'x',
        window: {},
        primaryKey: [],
      });
      for await (const item of items) {
        if (isCheckpoint(item) || isRejected(item) || isDeleted(item)) continue;
        inference.observe(item);
        rows += item.length;
      }
      return inference.schema() && rows;
    },
  },
  {
    name: 'csv-parse’s',
    async run(path) {
      let rows = 0;
      for await (const _ of createReadStream(path).pipe(parse({ columns: true }))) rows++;
      return rows;
    },
  },
  {
    name: 'DuckDB’s',
    async run(path) {
      await duckdb.run(`CREATE OR REPLACE TABLE rows AS FROM read_csv('${path}')`);
      const [count] = (await duckdb.runAndReadAll('SELECT count(*)::INTEGER FROM rows')).getRows();
      return Number(count?.[0]);
    },
  },
];

const STAGERS: Contestant[] = [
  {
    name: 'Aries',
    async run(path) {
      const options = ['--config', JSON.stringify({ url: path }), '--staging', join(folder, 'staging'), '--name', 'x'];
      execute(process.execPath, [join(dist, 'main.js'), 'extract', 'file', ...options]);
      return undefined;
    },
  },
  {
    name: 'DuckDB’s',
    async run(path) {
      await duckdb.run(`COPY (FROM read_csv('${path}')) TO '${path}.ndjson.zst' (FORMAT json, COMPRESSION zstd)`);
      return undefined;
    },
  },
  ...(spawnSync('sling', ['--version']).status === 0
    ? [
        {
          name: 'sling’s',
          async run(path: string) {
            execute('sling', ['run', '--src-stream', `file://${path}`, '--tgt-object', `file://${path}.jsonl`]);
            return undefined;
          },
        },
      ]
    : []),
];

function execute(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
}

/** Returns the processor time of this process with all its threads, in milliseconds. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Returns the best speed of each in megabytes per second, and Aries as a multiple of the second. */
async function race(
  path: string,
  contestants: readonly Contestant[],
  now: () => number,
): Promise<Record<string, unknown>> {
  const { size } = await stat(path);
  const best = contestants.map(() => Number.POSITIVE_INFINITY);
  let rows: number | undefined;
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [who, { name, run }] of contestants.entries()) {
      const start = now();
      const found = await run(path);
      best[who] = Math.min(best[who]!, now() - start);
      rows ??= found;
      if (found !== rows) throw new Error(`${name} has ${found} rows, not ${rows}`);
    }
  }
  const rates = contestants.map(({ name }, who) => [name, `${Math.round(size / best[who]! / 1000)} MB/s`]);
  return {
    ...Object.fromEntries(rates),
    other: contestants[1]!.name.replace('’s', ''),
    'times as fast': Number((best[1]! / best[0]!).toFixed(2)),
  };
}

const table: Record<string, object> = {};
try {
  await bundle(dist);
  for (const [name, [header, row]] of Object.entries(KINDS)) {
    const lines: string[] = [header];
    for (let index = 0, bytes = 0; bytes < FILE_BYTES; index++) {
      lines.push(row(index));
      bytes += lines.at(-1)!.length + 1;
    }
    const path = join(folder, 'rows.csv');
    await writeFile(path, `${lines.join('\n')}\n`);
    table[name] = await race(path, READERS, processorTime);
    table[`${name}, staged`] = await race(path, STAGERS, () => performance.now());
  }
} finally {
  duckdb.closeSync();
  await rm(folder, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(table));
else console.table(table);
