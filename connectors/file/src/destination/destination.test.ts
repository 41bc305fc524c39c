import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { extract, load } from '@aries-data/engine';
import {
  type Connector,
  type Disposition,
  defineDestination,
  type JsonRecord,
  type LedgerRow,
  type Rejection,
} from '@aries-data/sdk';
import { noHttp } from '@aries-data/testing';
import { describe, expect, test } from 'vitest';
import { source } from '../source/source.ts';
import { failure, folderWith, silent } from '../testing/read.ts';
import { destination } from './destination.ts';

/** Not used by a load whose session undoes what it does not commit. */
const PLACE = { part: 'part', index: 0 };

const connector: Connector = {
  name: 'file',
  version: '0.0.0',
  source,
  destination,
};

/** Extracts files and loads them into a folder, as a pipeline does. */
async function run(
  from: string,
  config: { path: string; [option: string]: unknown },
  options: { runId?: string; disposition?: Disposition; force?: boolean } = {},
) {
  const { runId = 'run', ...rest } = options;
  const extracted = await extract({
    source: { connector, config: { url: from, stream: 'cities' } },
    staging: `${config.path}-staging`,
    name: 'job',
    runId,
  });
  const loaded = await load({ destination: { connector, config }, input: [extracted.dataset], ...rest });
  return loaded.streams.cities!;
}

async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** Writes records into a folder without the engine. */
async function write(
  config: object,
  records: JsonRecord[],
  { commit = true, disposition = 'replace' as Disposition, digest = 'sha256-0123456789abcdef', pipeline = 'job' } = {},
) {
  const rejections: Rejection[] = [];
  const session = await open(config, pipeline);
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const target = {
    stream: 'cities',
    target: 'cities',
    fields: names.map((name) => ({ name, kind: 'any' as const, nullable: true, schema: {} })),
    primaryKey: [],
    disposition,
    runId: 'run',
    schemaChange: 'evolve' as const,
    readStart: '2026-01-31T08:30:00.000Z',
  };
  try {
    const one = await session.open(target, (rejection) => rejections.push(rejection));
    await one.writeBatch(records, PLACE);
    const counts = await one.finish();
    if (commit) await session.commit([ledgerRow(disposition, digest)], () => {});
    return { ...counts, rejections };
  } finally {
    await session.close();
  }
}

async function open(config: object, pipeline = 'job') {
  const signal = new AbortController().signal;
  return destination.open({
    config: destination.config.parse(config),
    log: silent,
    http: noHttp,
    signal,
    pipeline,
    concurrency: 1,
  });
}

function ledgerRow(disposition: Disposition, digest: string): LedgerRow {
  return {
    pipeline: 'job',
    stream: 'cities',
    target: 'cities',
    identity: '',
    runId: 'run',
    digest,
    disposition,
    interval: null,
    stateBefore: null,
    stateAfter: null,
    readStart: '2024-01-01T00:00:00.000Z',
    rows: 1,
    loadedAt: '2024-01-01T00:00:01.000Z',
  };
}

describe('csv', () => {
  const records: JsonRecord[] = [
    { id: '1', text: 'a, "b"\nc', flag: true, none: null, nested: { a: [1] } },
    { id: '2', text: '', flag: false, nested: [] },
    { id: '3', text: '\\.', flag: null, none: 'NULL', nested: -0 },
  ];

  test.each([
    [
      'as it comes',
      {},
      'id,text,flag,none,nested\n1,"a, ""b""\nc",true,,"{""a"":[1]}"\n2,"",false,,[]\n3,"\\.",,NULL,-0\n',
    ],
    ['without a header', { header: false }, '1,"a, ""b""\nc",true,,"{""a"":[1]}"\n2,"",false,,[]\n3,"\\.",,NULL,-0\n'],
    [
      'a null of its own',
      { nullValue: 'NULL', header: false },
      '1,"a, ""b""\nc",true,NULL,"{""a"":[1]}"\n2,"",false,NULL,[]\n3,"\\.",NULL,"NULL",-0\n',
    ],
    [
      'another dialect',
      { delimiter: ';', quote: "'", header: false },
      "1;'a, \"b\"\nc';true;;{\"a\":[1]}\n2;'';false;;[]\n3;'\\.';;NULL;-0\n",
    ],
  ])('%s', async (_, config, text) => {
    const folder = await folderWith({});
    expect(await write({ path: folder, format: 'csv', ...config }, records)).toEqual({ received: 3, rejections: [] });
    expect(await readFile(`${folder}/cities.csv`, 'utf8')).toBe(text);
  });

  test('text that UTF-8 cannot encode is rejected', async () => {
    const folder = await folderWith({});
    const half = { id: '2', text: 'x\ud800' };
    expect(
      await write({ path: folder, format: 'csv' }, [{ id: '1', text: '😀' }, half, { id: '3', text: 'y' }]),
    ).toEqual({
      received: 2,
      rejections: [
        {
          reason: '"text" contains half of a surrogate pair, which UTF-8 cannot encode',
          origin: 'unknown',
          record: half,
        },
      ],
    });
    expect(await readFile(`${folder}/cities.csv`, 'utf8')).toBe('id,text\n1,😀\n3,y\n');
  });

  test('inherited names are read only if the record has them', async () => {
    const folder = await folderWith({});
    await write({ path: folder, format: 'csv' }, [JSON.parse('{"__proto__":"a","constructor":"b"}'), { x: 'c' }]);
    expect(await readFile(`${folder}/cities.csv`, 'utf8')).toBe('__proto__,constructor,x\na,b,\n,,c\n');
  });
});

test.each([
  ['cities.ndjson', { format: 'ndjson' }, (bytes: Buffer) => bytes],
  ['cities.ndjson.gz', { format: 'ndjson', compression: 'gz' }, gunzipSync],
  ['cities.csv.zst', { format: 'csv', compression: 'zst' }, zstdDecompressSync],
] as const)('%s', async (name, config, decode) => {
  const folder = await folderWith({});
  await write({ path: folder, ...config }, [{ id: '1' }]);
  expect(await filesIn(folder)).toEqual(['_aries', name]);
  expect(decode(await readFile(`${folder}/${name}`)).toString()).toBe(
    name.includes('csv') ? 'id\n1\n' : '{"id":"1"}\n',
  );
});

test('nothing is visible before the commit, and nothing stays without one', async () => {
  const folder = await folderWith({ 'cities.csv': 'old' });
  await write({ path: folder, format: 'csv' }, [{ id: '1' }], { commit: false });
  expect(await filesIn(folder)).toEqual(['cities.csv']);
  expect(await readFile(`${folder}/cities.csv`, 'utf8')).toBe('old');
});

test('a target named like a path stays in the folder', async () => {
  const folder = await folderWith({});
  const session = await open({ path: folder });
  const target = {
    stream: 's',
    target: '../a/b c',
    fields: [],
    primaryKey: [],
    disposition: 'replace',
    runId: 'run',
    schemaChange: 'evolve',
    readStart: '2026-01-31T08:30:00.000Z',
  } as const;
  await (await session.open(target, () => {})).finish();
  await session.commit([{ ...ledgerRow('replace', 'sha256-1'), target: '../a/b c' }], () => {});
  await session.close();
  expect(await filesIn(folder)).toEqual(['..%2Fa%2Fb%20c.ndjson', '_aries']);
});

describe('the ledger', () => {
  test('only rows of this format are returned, and forget removes those of one pipeline', async () => {
    const folder = await folderWith({});
    await write({ path: folder, format: 'csv' }, [{ id: '1' }]);
    const session = await open({ path: folder, format: 'csv' });
    expect(await session.ledger(['cities'])).toEqual([
      { ...ledgerRow('replace', 'sha256-0123456789abcdef'), identity: 'cities.csv' },
    ]);
    expect(await session.ledger(['towns'])).toEqual([]);
    expect(await (await open({ path: folder, format: 'ndjson' })).ledger(['cities'])).toEqual([]);
    expect(await session.forget('other')).toBe(0);
    expect(await session.forget('job')).toBe(1);
    expect(await session.ledger(['cities'])).toEqual([]);
  });

  test('concurrent loads lose no rows', async () => {
    const folder = await folderWith({});
    const digests = Array.from({ length: 30 }, (_, index) => `sha256-${String(index).padStart(8, '0')}`);
    await Promise.all(
      digests.map((digest) =>
        write({ path: folder }, [{ id: digest }], { disposition: 'append', digest, pipeline: digest }),
      ),
    );
    const rows = await (await open({ path: folder })).ledger(['cities']);
    expect(rows.map(({ digest }) => digest).sort()).toEqual(digests);
    const files = (await filesIn(folder)).filter((name) => name !== '_aries');
    const texts = await Promise.all(files.map((name) => readFile(`${folder}/${name}`, 'utf8')));
    expect(texts.sort()).toEqual(digests.map((id) => `{"id":"${id}"}\n`));
    // Only the newest versions are kept, and the mark that the last one is settled.
    expect((await filesIn(`${folder}/_aries`)).length).toBeLessThanOrEqual(21);
  });
});

describe('through the engine', () => {
  const first = '[{"id":1,"name":"a"},{"id":2,"name":"b"}]';
  const second = '[{"id":3,"name":"c"}]';

  test('replace: the file holds the dataset, and loading it again does nothing', async () => {
    const folder = await folderWith({ 'x.json': first, 'y.json': second });
    const config = { path: `${folder}/out`, format: 'csv' };
    expect(await run(`${folder}/x.json`, config)).toMatchObject({
      records: 2,
      disposition: 'replace',
      outcome: 'loaded',
    });
    expect(await readFile(`${folder}/out/cities.csv`, 'utf8')).toBe('id,name\n1,a\n2,b\n');
    expect(await run(`${folder}/x.json`, config)).toMatchObject({ records: 0, outcome: 'already-loaded' });
    expect(await run(`${folder}/y.json`, config, { runId: 'next' })).toMatchObject({ records: 1, outcome: 'loaded' });
    expect(await readFile(`${folder}/out/cities.csv`, 'utf8')).toBe('id,name\n3,c\n');
  });

  test('append adds a file, and replace removes added files', async () => {
    const folder = await folderWith({ 'x.json': first, 'y.json': second });
    const config = { path: `${folder}/out`, format: 'csv' };
    const append = { disposition: 'append' } as const;
    await run(`${folder}/x.json`, config, append);
    expect(await run(`${folder}/x.json`, config, append)).toMatchObject({ outcome: 'already-loaded' });
    await run(`${folder}/y.json`, config, { ...append, runId: 'next' });
    const files = (await filesIn(`${folder}/out`)).filter((name) => name !== '_aries');
    expect(files).toHaveLength(2);
    for (const name of files) expect(name).toMatch(/^cities-\d{8}T\d{9}Z-[0-9a-f]{12}\.csv$/);

    // Removed files are not reported.
    await rm(`${folder}/out/${files[0]}`);
    await writeFile(`${folder}/z.json`, '[{"id":4}]');
    await run(`${folder}/z.json`, config, { runId: 'last', disposition: 'replace' });
    expect(await filesIn(`${folder}/out`)).toEqual(['_aries', 'cities.csv']);
  });

  test('a load that another one overtakes ends with 75 and changes nothing', async () => {
    const folder = await folderWith({ 'x.json': first, 'y.json': second });
    const config = { path: `${folder}/out` };
    const overtaken: Connector = {
      ...connector,
      destination: defineDestination({
        ...destination,
        async open(context) {
          const session = await destination.open(context);
          const commit: typeof session.commit = async (...given) => {
            await run(`${folder}/y.json`, config, { runId: 'newer' });
            return session.commit(...given);
          };
          return { ...session, commit };
        },
      }),
    };
    const { dataset } = await extract({
      source: { connector, config: { url: `${folder}/x.json`, stream: 'cities' } },
      staging: `${folder}/out-staging`,
      name: 'job',
      runId: 'older',
    });
    const older = load({ destination: { connector: overtaken, config }, input: [dataset] });
    expect(await failure(older)).toMatch(/^ATTEMPT_CONFLICT: Another load of the pipeline "job" into "cities"/);
    expect(await readFile(`${folder}/out/cities.ndjson`, 'utf8')).toBe('{"id":3,"name":"c"}\n');
    expect(await filesIn(`${folder}/out`)).toEqual(['_aries', 'cities.ndjson']);
    expect((await filesIn(`${folder}/out/_aries`)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('a file that was removed from outside is not silently created again', async () => {
    const folder = await folderWith({ 'x.json': first });
    const config = { path: `${folder}/out` };
    await run(`${folder}/x.json`, config);
    await rm(`${folder}/out/cities.ndjson`);
    expect(await failure(run(`${folder}/x.json`, config))).toMatch(
      /^LOAD_REFUSED: .* dropped after the last load .* --force/,
    );
    expect(await run(`${folder}/x.json`, config, { force: true })).toMatchObject({ outcome: 'loaded' });
    expect(await readFile(`${folder}/out/cities.ndjson`, 'utf8')).toBe('{"id":1,"name":"a"}\n{"id":2,"name":"b"}\n');
  });
});

test('parts pass through untouched, counted by their line ends', async () => {
  const folder = await folderWith({});
  const session = await open({ path: folder, format: 'ndjson' });
  const target = {
    stream: 's',
    target: 's',
    fields: [],
    primaryKey: [],
    disposition: 'replace',
    runId: 'run',
    schemaChange: 'evolve',
    readStart: '2026-01-31T08:30:00.000Z',
  } as const;
  const one = await session.open(target, () => {});
  const part = (text: string) => ({
    format: 'ndjson' as const,
    rows: 0,
    open: async () =>
      (async function* () {
        for (let at = 0; at < text.length; at += 3) yield Buffer.from(text.slice(at, at + 3));
      })() as never,
    async *batches() {},
  });
  await one.writePart!(part('{"a":1}\n{"a":2}\n'));
  await one.writePart!(part('{"a":3}\n{"a": 4}'));
  await one.writePart!(part(''));
  await one.writeBatch([{ a: 5 }], PLACE);
  expect(await one.finish()).toEqual({ received: 5 });
  await session.commit([{ ...ledgerRow('replace', 'sha256-1'), target: 's' }], () => {});
  await session.close();
  expect(await readFile(`${folder}/s.ndjson`, 'utf8')).toBe('{"a":1}\n{"a":2}\n{"a":3}\n{"a": 4}\n{"a":5}\n');

  const csv = await open({ path: folder, format: 'csv' });
  expect((await csv.open(target, () => {})).writePart).toBeUndefined();
  await csv.close();
});

test('check writes to the folder and leaves nothing', async () => {
  const folder = await folderWith({});
  await destination.check!({
    config: destination.config.parse({ path: folder }),
    log: silent,
    http: noHttp,
    signal: new AbortController().signal,
  });
  expect(await filesIn(folder)).toEqual([]);
});
