import { execFileSync } from 'node:child_process';
import { Hash } from 'node:crypto';
import { chmod, mkdir, readdir, truncate, utimes, writeFile } from 'node:fs/promises';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { contextOf, failure, folderWith, read, silent } from '../testing/read.ts';
import { readFiles } from './read-files.ts';

describe('format and compression', () => {
  const json = '[{"a":1},{"a":2}]';
  const ndjson = '{"a":1}\n{"a":2}\n';
  const csv = 'a\n1\n2\n';

  test.each([
    ['x.json', json],
    ['x.ndjson', ndjson],
    ['x.jsonl', ndjson],
    ['x.csv', csv],
    ['x.json.gz', gzipSync(json)],
    ['x.ndjson.zst', zstdCompressSync(ndjson)],
    ['x.csv.gz', Buffer.concat([gzipSync(csv.slice(0, 4)), gzipSync(csv.slice(4))])],
    ['x.json', gzipSync(json)],
    ['x', json],
    ['x', ndjson],
    ['x', csv],
    ['x', zstdCompressSync(ndjson)],
    ['x.dat', '{\n  "a": 1\n}'],
  ])('%s', async (name, content) => {
    const folder = await folderWith({ [name]: content });
    const { texts } = await read({ url: `${folder}/${name}` });
    expect(texts).toEqual(name === 'x.dat' ? ['{"a":1}'] : ['{"a":1}', '{"a":2}']);
  });

  test('the config overrides', async () => {
    const folder = await folderWith({ 'x.json': ndjson, 'y.gz': csv });
    expect((await read({ url: `${folder}/x.json`, format: 'ndjson' })).texts).toHaveLength(2);
    expect((await read({ url: `${folder}/y.gz`, compression: 'none' })).texts).toHaveLength(2);
  });

  test('empty files have no records, or are an error if the format needs content', async () => {
    const folder = await folderWith({
      'x.ndjson': '',
      'x.csv': '',
      x: '',
      'x.json': '',
      'x.csv.gz': '',
      'y.csv.gz': gzipSync(''),
    });
    for (const name of ['x.ndjson', 'x.csv', 'x', 'y.csv.gz'])
      expect((await read({ url: `${folder}/${name}` })).records).toEqual([]);
    expect(await failure(read({ url: `${folder}/x.json` }))).toBe(
      `DATA_INVALID: ${folder}/x.json is empty — A JSON document without records is [].`,
    );
    expect(await failure(read({ url: `${folder}/x.csv.gz` }))).toBe(
      `DATA_INVALID: ${folder}/x.csv.gz is empty, although its name says it is gz — Create the file again or, if its name is wrong, set "compression" to none.`,
    );
  });

  test.each([
    ['gz', gzipSync(ndjson.repeat(50_000))],
    ['zst', zstdCompressSync(ndjson.repeat(50_000))],
  ])('a %s file that was truncated is an error, not a shorter file', async (ending, bytes) => {
    const folder = await folderWith({ [`x.ndjson.${ending}`]: bytes.subarray(0, bytes.length - 5) });
    expect(await failure(read({ url: `${folder}/x.ndjson.${ending}` }))).toMatch(
      new RegExp(`^DATA_INVALID: ${folder}/x.ndjson.${ending}: the ${ending} data is damaged: .+ — It was truncated`),
    );
  });

  test('a byte order mark sets the encoding, and must not contradict the config', async () => {
    const little = Buffer.from('\u{feff}a,b\n1,é\n', 'utf16le');
    const folder = await folderWith({ 'le.csv': little, 'be.csv': Buffer.from(little).swap16() });
    for (const name of ['le.csv', 'be.csv'])
      expect((await read({ url: `${folder}/${name}` })).texts).toEqual(['{"a":1,"b":"é"}']);
    expect(await failure(read({ url: `${folder}/be.csv`, encoding: 'utf-16le' }))).toBe(
      `DATA_INVALID: ${folder}/be.csv begins with a utf-16be byte order mark, but "encoding" is utf-16le — Set "encoding" to utf-16be, or leave it out.`,
    );
  });

  test('UTF-16 without a byte order mark is not read as UTF-8', async () => {
    const little = Buffer.from('a,b\n1,2\n', 'utf16le');
    const folder = await folderWith({ 'le.csv': little, 'be.csv': Buffer.from(little).swap16() });
    for (const [name, encoding] of [
      ['le.csv', 'utf-16le'],
      ['be.csv', 'utf-16be'],
    ] as const) {
      expect(await failure(read({ url: `${folder}/${name}` }))).toBe(
        `DATA_INVALID: ${folder}/${name} is not UTF-8: it looks like UTF-16 without a byte order mark — Set "encoding" to ${encoding}.`,
      );
      expect((await read({ url: `${folder}/${name}`, encoding })).texts).toEqual(['{"a":1,"b":2}']);
    }
  });
});

describe('several files', () => {
  test('are one stream, sorted by name, each read once', async () => {
    const folder = await folderWith({
      'b.json': '[{"n":2}]',
      'a.ndjson': '{"n":1}',
      'x/c.csv': 'n\n3\n',
      'x/d.txt': 'no',
    });
    const url = [`${folder}/x/*.csv`, `${folder}/*`.replace('*', 'b.json'), `${folder}/{a,b}.*json`];
    expect((await read({ url })).texts).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
    expect((await read({ url: `file://${folder}/**/*.{json,csv}` })).texts).toEqual(['{"n":2}', '{"n":3}']);
  });

  test('each cost the same, however many there are', async () => {
    const files = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${n}.csv`, `n\n${n}\n`]));
    const folder = await folderWith(files);
    const update = vi.spyOn(Hash.prototype, 'update');
    try {
      const { records, checkpoints } = await read({ url: `${folder}/*.csv` });
      expect([records.length, checkpoints.length]).toEqual([300, 300]);
      // The digest of the files must not be computed from the start for each file.
      expect(update.mock.calls.length).toBeLessThanOrEqual(2 * 300);
    } finally {
      update.mockRestore();
    }
  });

  test('a name that exists is not a glob', async () => {
    const folder = await folderWith({ 'x[1].csv': 'n\n1\n', 'x1.csv': 'n\n2\n' });
    expect((await read({ url: `${folder}/x[1].csv` })).texts).toEqual(['{"n":1}']);
  });

  test('origins name the file', async () => {
    const folder = await folderWith({ 'a.json': '[1]', 'b.ndjson': '2\n', 'c.csv': 'n,m\n3\n' });
    expect((await read({ url: `${folder}/*` })).rejected.map((text) => text.slice(folder.length + 1))).toEqual([
      'a.json#/0: expected an object, found a number',
      'b.ndjson:1: expected an object, found a number',
      'c.csv:2: it has 1 cell, the header has 2',
    ]);
  });

  test('an interrupted read resumes in the file it had reached', async () => {
    const rows = (from: number) => Array.from({ length: 3000 }, (_, index) => ({ n: from + index }));
    const folder = await folderWith({
      'a.json': JSON.stringify(rows(0)),
      'b.ndjson': rows(3000)
        .map((row) => JSON.stringify(row))
        .join('\n'),
      'c.csv': `n\n${rows(6000)
        .map(({ n }) => n)
        .join('\n')}`,
    });
    const whole = await read({ url: `${folder}/*` });
    expect(whole.records).toEqual([...rows(0), ...rows(3000), ...rows(6000)]);
    for (const { position, after } of whole.checkpoints) {
      expect((await read({ url: `${folder}/*` }, { position })).records).toEqual(whole.records.slice(after));
    }
  });

  test('an interrupted read fails if the files have changed', async () => {
    const files = { 'a.csv': 'n\n1\n', 'b.csv': 'n\n2\n' };
    const folder = await folderWith(files);
    const { checkpoints } = await read({ url: `${folder}/*` });
    const goOn = () => failure(read({ url: `${folder}/*` }, { position: checkpoints.at(-1)!.position }));
    expect(await goOn()).toBe('no failure');

    await writeFile(`${folder}/0.csv`, 'n\n0\n');
    const message =
      'since the interrupted attempt, so the read cannot resume — Use another run id to read from the start.';
    expect(await goOn()).toBe(`DATA_INVALID: the files that match the url have changed ${message}`);

    const changed = await folderWith(files);
    const { checkpoints: before } = await read({ url: `${changed}/*` });
    await utimes(`${changed}/b.csv`, 1, 1);
    expect(await failure(read({ url: `${changed}/*` }, { position: before.at(-1)!.position }))).toBe(
      `DATA_INVALID: ${changed}/b.csv has changed ${message}`,
    );
  });
});

describe('errors', () => {
  test.each([
    [
      'missing.csv',
      'NOT_FOUND: {}/missing.csv does not exist — Check the url in the config; a path is relative to the working directory.',
    ],
    ['*.csv', 'NOT_FOUND: no file matches {}/*.csv — Check the pattern in the url.'],
    ['folder', 'NOT_FOUND: {}/folder is a folder — Name the files in it, for example {}/folder/*.csv.'],
  ])('%s', async (name, message) => {
    const folder = await folderWith({});
    await mkdir(`${folder}/folder`);
    expect(await failure(read({ url: `${folder}/${name}` }))).toBe(message.replaceAll('{}', folder));
  });

  test.each([
    [
      'ftp://user:secret@host/x.csv',
      'CONFIG_INVALID: files cannot be read from ftp:// — Use a path, file://, s3:// or https://.',
    ],
    [
      'https://user:secret@:x/?token=secret',
      'CONFIG_INVALID: "https://:x/" is not a url — Write https://host/path or s3://bucket/key.',
    ],
    ['s3://bucket', 'CONFIG_INVALID: the s3 url has no object key — Write s3://bucket/key, or a glob of keys.'],
  ])('%s', async (url, message) => {
    expect(await failure(read({ url }))).toBe(message);
  });

  test.skipIf(process.getuid?.() === 0)('a file without permission', async () => {
    const folder = await folderWith({ 'x.csv': 'a\n1\n' });
    await chmod(`${folder}/x.csv`, 0);
    expect(await failure(read({ url: `${folder}/x.csv` }))).toMatch(/EACCES/);
  });
});

test('a file that becomes shorter while it is read is an error', async () => {
  const folder = await folderWith({ 'x.ndjson': '{"a":1}\n'.repeat(100_000) });
  const work = (async () => {
    for await (const _ of readFiles(contextOf({ url: `${folder}/x.ndjson` })))
      await truncate(`${folder}/x.ndjson`, 300_000);
  })();
  expect(await failure(work)).toBe(
    `RESOURCE_BUSY: ${folder}/x.ndjson became shorter while it was read — It may still be being written. Try again once it is complete.`,
  );
});

test.skipIf(process.platform === 'win32')('a pipe is read once, from its start', async () => {
  const folder = await folderWith({});
  execFileSync('mkfifo', [`${folder}/pipe.ndjson`]);
  const [result] = await Promise.all([
    read({ url: `${folder}/pipe.ndjson` }),
    writeFile(`${folder}/pipe.ndjson`, '{"a":1}\n'),
  ]);
  expect(result).toMatchObject({ texts: ['{"a":1}'], checkpoints: [] });
  const broken = failure(read({ url: `${folder}/pipe.ndjson`, format: 'json' }));
  await writeFile(`${folder}/pipe.ndjson`, 'this is no JSON at all, is it?');
  expect(await broken).toMatch(/^DATA_INVALID: .*\/pipe\.ndjson is not JSON: expected a value/);
});

test.skipIf(process.platform !== 'linux')(
  'batches are small enough, and a reader that stops early leaves no file open',
  async () => {
    const row = JSON.stringify({ text: 'x'.repeat(100) });
    const folder = await folderWith({
      'x.ndjson': `${row}\n`.repeat(20_000),
      'x.json': `[${`${row},`.repeat(20_000)}{}]`,
      'x.csv': `a,b\n${'1,2\n'.repeat(200_000)}`,
    });
    const openFiles = async () => (await readdir('/proc/self/fd')).length;
    const before = await openFiles();
    for (const name of ['x.ndjson', 'x.json', 'x.csv', 'x.csv']) {
      for await (const item of readFiles(contextOf({ url: `${folder}/${name}` }))) {
        expect(Array.isArray(item) && item.length).toBe(1000);
        break;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await openFiles()).toBe(before);
  },
);

describe('warnings about doubtful files', () => {
  async function warningsOf(files: Record<string, string>, config: object = {}): Promise<string[]> {
    const folder = await folderWith(files);
    const warnings: string[] = [];
    const log = { ...silent, warn: (message: string) => void warnings.push(message.replaceAll(`${folder}/`, '')) };
    for await (const _ of readFiles({ ...contextOf({ url: `${folder}/*`, ...config }), log }));
    return warnings;
  }

  test('a warning names empty files, but not files that say they have no records', async () => {
    expect(await warningsOf({ 'x.csv': '' })).toEqual(['x.csv is empty']);
    expect(
      await warningsOf({ 'a.csv': '', 'b.ndjson': ' \n\n', 'c.json': '[]', 'd.csv': 'a,b\n', 'e.csv': '\u{feff}' }),
    ).toEqual(['3 files are empty: a.csv, b.ndjson, e.csv']);
    expect(await warningsOf({ 'x.ndjson': '{"a":1}\n' })).toEqual([]);
  });

  test.each([
    ['a,b\u{85}1,2\u{85}', 'U+0085'],
    ['a,b\u{2028}1,2', 'U+2028'],
    ['a,b\r1,2\r', undefined],
    ['"a\r\nb",c\r\n', undefined],
    ['"a\u{2028}b",c\n1,2\n', undefined],
  ])('%j', async (text, code) => {
    const folder = await folderWith({ 'x.csv': text });
    expect(await failure(read({ url: `${folder}/x.csv` }))).toBe(
      code === undefined
        ? 'no failure'
        : `DATA_INVALID: ${folder}/x.csv has no rows, and its header contains ${code}, which may be its line end — Convert its line ends to line feeds.`,
    );
  });

  test('an object that wraps a list of objects is read as one record, with a warning that names the list, once', async () => {
    const wrapped = '{"next":null,"a/b":[{"id":1},{"id":2}]}';
    const warning = (name: string) =>
      `${name} is read as one record, an object. If the records are the 2 objects in its list, set "records" to "/a~1b"`;
    expect(await warningsOf({ 'x.json': wrapped })).toEqual([warning('x.json')]);
    expect(await warningsOf({ 'x.json': wrapped, 'y.json': wrapped })).toEqual([warning('x.json')]);
    expect(await warningsOf({ 'x.json': wrapped }, { records: '/a~1b' })).toEqual([]);
    expect(await warningsOf({ 'x.json': `${wrapped}${wrapped}`, 'y.json': '{"a":[1,2],"b":[{}]}' })).toEqual([]);
  });
});
