import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { glob, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { ensurePackages } from '../services/apt.ts';
import { freshDatabase } from '../services/database.ts';

const MEGABYTE = 1024 * 1024;
const LIMIT = 300;
/** Memory that a process uses after its first seconds. Anything that grew with the rows would take ten times as much. */
const WARM_UP = 60;
const ARIES = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');

const time = await ensurePackages(['time']);
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
});

test.skipIf(time.available ? false : time.reason)(
  'extracting and loading 2 GB of ndjson stays under 300 MB, and does not grow from 0.2 GB',
  async () => {
    const small = await extractAndLoad(0.2);
    const large = await extractAndLoad(2);
    console.log(`peak memory in MB: 0.2 GB ${JSON.stringify(small)}, 2 GB ${JSON.stringify(large)}`);
    expect(large.extract).toBeLessThan(LIMIT);
    expect(large.load).toBeLessThan(LIMIT);
    expect(large.extract).toBeLessThan(small.extract + WARM_UP);
    expect(large.load).toBeLessThan(small.load + WARM_UP);
  },
);

/** The heap in a container of 256 MB. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=128' };
const EQUAL_ROWS = 5_000_000;
const streams = (disposition: string) => JSON.stringify([{ name: 'equal', cursor: 'at', disposition }]);

test.skipIf(time.available ? false : time.reason).each(['merge', 'append'])(
  '5 million rows with one timestamp fill neither a small heap nor the manifest: %s',
  async (disposition) => {
    await using database = await freshDatabase();
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query(
      `CREATE TABLE equal AS SELECT id, now() AS at FROM generate_series(1, ${EQUAL_ROWS}) AS id; ALTER TABLE equal ADD PRIMARY KEY (id)`,
    );
    await client.end();
    await expectSmall('postgres', database.url, disposition);
  },
);

test.skipIf(time.available ? false : time.reason).each(['merge', 'append'])(
  '5 million records with one timestamp do not either: %s',
  async (disposition) => {
    const file = join(folder, 'equal.ndjson');
    const out = createWriteStream(file, { highWaterMark: 4 * MEGABYTE });
    const at = new Date().toISOString();
    for (let id = 0; id < EQUAL_ROWS; id += 10_000) {
      const lines = Array.from({ length: 10_000 }, (_, index) => `{"id":${id + index},"at":"${at}"}\n`);
      if (!out.write(lines.join(''))) await once(out, 'drain');
    }
    out.end();
    await once(out, 'close');
    await expectSmall('file', file, disposition);
    await rm(file);
  },
);

/** Extracts rows that all have one timestamp, with a small heap and small documents. A load that appends leaves them to a later run. */
async function expectSmall(connector: string, url: string, disposition: string): Promise<void> {
  const staging = join(folder, `equal-${connector}-${disposition}`);
  const { result, megabytes } = await measured(
    [
      'extract',
      connector,
      '--config',
      `{"url":"${url}"}`,
      '--streams',
      streams(disposition),
      '--staging',
      `file://${staging}`,
    ],
    SMALL_HEAP,
  );
  expect(result.streams.equal.records).toBe(disposition === 'merge' ? EQUAL_ROWS : 0);
  expect(megabytes).toBeLessThan(LIMIT);
  expect(await largestDocument(staging)).toBeLessThan(20_000);
  await rm(staging, { recursive: true });
}

/** Returns the size of the largest manifest or checkpoint below a folder. */
async function largestDocument(staging: string): Promise<number> {
  const sizes = [];
  for await (const path of glob(`${staging}/**/*.json`)) sizes.push((await stat(path)).size);
  return Math.max(...sizes);
}

async function extractAndLoad(gigabytes: number): Promise<{ extract: number; load: number }> {
  await using database = await freshDatabase();
  const rows = await writeRows(join(folder, 'rows.ndjson'), gigabytes * 1024 * MEGABYTE);
  const extract = await measured([
    'extract',
    'file',
    '--config',
    `{"url":"${folder}/rows.ndjson"}`,
    '--staging',
    `file://${folder}/staging`,
  ]);
  expect(extract.result.streams.rows).toMatchObject({ records: rows, rejected: 0 });
  const load = await measured([
    'load',
    'postgres',
    '--config',
    `{"url":"${database.url}"}`,
    '--input',
    extract.result.dataset,
  ]);
  expect(load.result.streams.rows).toMatchObject({ records: rows, rejected: 0 });
  await rm(join(folder, 'staging'), { recursive: true });
  return { extract: extract.megabytes, load: load.megabytes };
}

async function writeRows(file: string, bytes: number): Promise<number> {
  const out = createWriteStream(file, { highWaterMark: 4 * MEGABYTE });
  let rows = 0;
  for (let written = 0; written < bytes; ) {
    const lines: string[] = [];
    for (let n = 0; n < 5000; n++, rows++) {
      lines.push(
        `{"id":${rows},"name":"row ${rows}","score":${rows / 8},"at":"2024-01-01T00:00:00Z","note":"${'lorem ipsum '.repeat(6)}","ok":${rows % 2 === 0}}\n`,
      );
    }
    const chunk = Buffer.from(lines.join(''));
    written += chunk.length;
    if (!out.write(chunk)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'close');
  return rows;
}

/** Runs aries under GNU time, which reports the kernel's figure for peak memory. */
// biome-ignore lint/suspicious/noExplicitAny: a result is looked at in parts
async function measured(args: string[], env: NodeJS.ProcessEnv = {}): Promise<{ result: any; megabytes: number }> {
  const report = join(folder, 'time.txt');
  const child = spawn('/usr/bin/time', ['-v', '-o', report, process.execPath, ARIES, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const kilobytes = Number(/Maximum resident set size \(kbytes\): (\d+)/.exec(await readFile(report, 'utf8'))?.[1]);
  return { result: JSON.parse(stdout.trim().split('\n').at(-1)!), megabytes: Math.round(kilobytes / 1024) };
}
