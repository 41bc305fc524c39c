import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, load, openDataset } from '@aries-data/engine';
import { type Connector, type Source, toAriesError } from '@aries-data/sdk';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as postgres from '../../connectors/postgres/src/index.ts';
import { sealed } from '../../packages/engine/src/dataset/sealed.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { freshDatabase } from '../services/database.ts';
import { HOSTILE, placesIn, withValue } from './hostile-values.ts';
import { duckdbTarget, fileTarget, postgresTarget, type Target } from './targets.ts';

const SECRET = 'canary-secret-7c1f';
/** Of the values that are taken in one place. */
const MOST_LOADS = 2;
const FORMATS = ['csv', 'ndjson', 'pgcopy'] as const;

let folder: string;
let targets: Record<string, Target>;
let source: { connector: Connector; config: Record<string, unknown> };

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'canary'), SECRET);
  const { url } = await freshDatabase();
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY, price numeric(12,2), name varchar(20), at timestamptz NOT NULL, span interval);
    INSERT INTO orders SELECT n, n * 1.01, 'name ' || n, '2026-01-01Z'::timestamptz + n * interval '1 minute', '1 day' FROM generate_series(1, 5) n`);
  await client.end();
  source = {
    connector: { name: 'postgres', version: '0', source: postgres.source as Source },
    config: { url, tables: ['orders'] },
  };
  targets = {
    file: await fileTarget(folder),
    duckdb: await duckdbTarget(folder),
    postgres: await postgresTarget(),
  };
});
afterAll(async () => {
  for (const target of Object.values(targets)) await target.close();
  await rm(folder, { recursive: true });
});

/** Stages a dataset in a format, and returns it with its manifest. */
async function staged(format: (typeof FORMATS)[number]) {
  const staging = join(folder, `staging-${format}`);
  await extract({
    source,
    staging,
    name: 'job',
    runId: 'one',
    // pgcopy has no intervals.
    streams: [
      { name: 'orders', cursor: 'at', ...(format === 'pgcopy' ? { columns: ['id', 'price', 'name', 'at'] } : {}) },
    ],
    compression: 'none',
    stagedFormat: format,
  });
  const path = join(staging, 'job/one/extract/manifest.json');
  const bytes = await readFile(path);
  const { checksum: _, ...manifest } = JSON.parse(String(bytes));
  return { staging, path, bytes, manifest, input: join(staging, 'job/one/extract') };
}

/** Loads, and returns the exit code and everything that was printed. */
async function loading(target: Target, input: string): Promise<{ exitCode: number; said: string }> {
  const said: string[] = [];
  const say = (message: string, fields?: unknown) => void said.push(message, JSON.stringify(fields ?? ''));
  const log = { debug: say, info: say, warn: say, error: say };
  try {
    said.push(JSON.stringify(await load({ destination: target.use, input: [input], log })));
    return { exitCode: 0, said: said.join('\n') };
  } catch (error) {
    const { exitCode, message, hint, stack } = toAriesError(error);
    return { exitCode, said: [...said, message, hint, exitCode === 70 ? stack : ''].join('\n') };
  }
}

const outside = async () =>
  (await readdir(folder)).filter((name) => !/^(?:staging-.*|target(?:\.duckdb.*)?)$/.test(name)).sort();

describe.each(FORMATS)('a dataset of %s', (format) => {
  test('a manifest with a hostile value in any place is refused with 65 or 78 and touches nothing, or changes nothing', async () => {
    const { path, bytes, manifest, input } = await staged(format);
    const clean: Record<string, { before: string; after: string }> = {};
    for (const [name, target] of Object.entries(targets)) {
      await target.clear();
      const before = await target.contents();
      expect(await loading(target, input)).toMatchObject({ exitCode: 0 });
      clean[name] = { before, after: await target.contents() };
      await target.clear();
    }
    const wrong: string[] = [];
    let [opened, refused] = [0, 0];
    for (const place of placesIn(manifest)) {
      let taken = 0;
      for (const value of [undefined, ...HOSTILE]) {
        const hostile = withValue(manifest, place, value);
        if (JSON.stringify(hostile) === JSON.stringify(manifest)) continue;
        // ndjson records may have fields that the schema lacks; without a column they are ignored.
        if (value === undefined && place.at(-2) === 'properties') continue;
        await writeFile(path, sealed({}, hostile));
        const where = `${place.join('.')} = ${JSON.stringify(value)?.slice(0, 60)}`;
        // A dataset that cannot be opened cannot be loaded either.
        const error = await openDataset(input).then(({ store }) => store.close(), toAriesError);
        if (error !== undefined) {
          refused++;
          if (error.exitCode !== 65) wrong.push(`${where}: opening ends with ${error.exitCode}: ${error.message}`);
          continue;
        }
        opened++;
        // A place that nothing checks may contain anything; a few values are enough to find out.
        if (taken++ === MOST_LOADS) break;
        for (const [name, target] of Object.entries(targets)) {
          const { exitCode, said } = await loading(target, input);
          const found = await target.contents();
          const { before, after } = clean[name]!;
          if (said.includes(SECRET)) wrong.push(`${where}: ${name} shows what it must not`);
          if (exitCode === 0 ? found !== after : exitCode !== 65 && exitCode !== 78)
            wrong.push(
              `${where}: ${name} ends with ${exitCode}: ${exitCode === 0 ? `${found.slice(0, 900)} instead of ${after.slice(0, 900)}` : said.slice(-600)}`,
            );
          if (exitCode !== 0 && found !== before) wrong.push(`${where}: ${name} was touched: ${found.slice(0, 300)}`);
          await target.clear();
        }
      }
    }
    await writeFile(path, bytes);
    // Fails if no place accepted any value, because then nothing was tested.
    expect(opened).toBeGreaterThan(100);
    expect(refused).toBeGreaterThan(1000);
    expect(wrong).toEqual([]);
    expect(await outside()).toEqual(['canary']);
    expect(Object.prototype).not.toHaveProperty('polluted');
  }, 1_200_000);

  test('a flipped bit, a cut and an empty file are found, in every file of a dataset', async () => {
    const { staging, path, bytes, input } = await staged(format);
    const parts = (await readdir(join(staging, 'job/one/extract/orders'))).filter((name) =>
      name.endsWith(`.${format}`),
    );
    expect(parts).toHaveLength(1);
    const part = join(staging, 'job/one/extract/orders', parts[0]!);
    const whole = await readFile(part);
    const changes = (of: Buffer) => [
      ...[0, 3, 60, of.length >> 1, of.length - 1].map((at) => {
        const flipped = Buffer.from(of);
        flipped[at]! ^= 1 << (at % 8);
        return flipped;
      }),
      of.subarray(0, of.length >> 1),
      of.subarray(0, -1),
      Buffer.alloc(0),
      Buffer.concat([of, Buffer.from('\n')]),
    ];
    for (const [file, as, names] of [
      [path, bytes, ['file']],
      [part, whole, Object.keys(targets)],
    ] as const) {
      for (const changed of changes(as)) {
        await writeFile(file, changed);
        for (const name of names) {
          const target = targets[name]!;
          await target.clear();
          const before = await target.contents();
          const { exitCode, said } = await loading(target, input);
          expect({ exitCode, name, said: exitCode === 65 ? '' : said }).toEqual({ exitCode: 65, name, said: '' });
          expect(await target.contents()).toBe(before);
        }
      }
      await writeFile(file, as);
    }
    expect(await loading(targets.file!, input)).toMatchObject({ exitCode: 0 });
  }, 600_000);
});
