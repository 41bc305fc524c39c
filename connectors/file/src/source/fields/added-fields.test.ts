import { mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { contextOf, failure, folderWith, read, readWith } from '../../testing/read.ts';
import { hiveFields } from './hive.ts';

describe('the fields of folders', () => {
  const typed = { types: 'guess', allowNaN: false } as const;

  test.each<[string, Record<string, unknown>]>([
    ['events/dt=2026-11-29/country=GB/a.csv', { dt: '2026-11-29', country: 'GB' }],
    ['s3://bucket/year=2026/month=07/a.csv', { year: 2026, month: '07' }],
    ['a/name=K%C3%B6ln%2FBonn/empty=/b=__HIVE_DEFAULT_PARTITION__/x.csv', { name: 'Köln/Bonn', empty: '', b: null }],
    ['a/100%=50%/x=y=z/a.csv', { '100%': '50%', x: 'y=z' }],
    ['a/=b/c=d.csv', {}],
    ['plain.csv', {}],
  ])('%s', (file, fields) => {
    expect(Object.fromEntries(hiveFields(file, typed))).toEqual(fields);
  });

  test('with types: text, they are text', () => {
    expect(hiveFields('year=2026/a.csv', { ...typed, types: 'text' })).toEqual([['year', '2026']]);
  });

  test('two folders of one name are refused', () => {
    expect(() => hiveFields('a=1/a=2/x.csv', typed)).toThrow('a=1/a=2/x.csv: two of its folders are named "a="');
  });

  test('records have them after their own fields, and files without rows have the columns', async () => {
    const folder = await folderWith({
      'dt=2026-11-29/n=1/a.csv': 'id\n1\n2\n',
      'dt=2026-11-30/n=x/b.ndjson': '{"id":3}\n',
      'dt=2026-11-30/n=x/c.csv': 'id\n',
    });
    const { records, columns } = await read({ url: `${folder}/**/*.*`, hive: true });
    expect(records).toEqual([
      { id: 1, dt: '2026-11-29', n: 1 },
      { id: 2, dt: '2026-11-29', n: 1 },
      { id: 3, dt: '2026-11-30', n: 'x' },
    ]);
    expect(columns).toEqual([['id'], ['dt', 'n']]);
    expect((await read({ url: `${folder}/dt=2026-11-29/n=1/a.csv` })).records[0]).toEqual({ id: 1 });
  });

  test('a field that the file has itself is refused', async () => {
    const folder = await folderWith({ 'dt=2026-11-29/a.ndjson': '{"id":1}\n{"dt":1}\n' });
    expect(await failure(read({ url: `${folder}/*/a.ndjson`, hive: true }))).toBe(
      `DATA_INVALID: ${folder}/dt=2026-11-29/a.ndjson has a field "dt", and so does the name of its folder — Rename one of them, or leave "hive" out.`,
    );
  });

  test('a folder named __proto__ is a field like any other', async () => {
    const folder = await folderWith({});
    await mkdir(`${folder}/__proto__=1`);
    await writeFile(`${folder}/__proto__=1/a.csv`, 'id\n1\n');
    const { texts } = await read({ url: `${folder}/*/a.csv`, hive: true });
    expect(texts).toEqual(['{"id":1,"__proto__":1}']);
  });
});

describe('what is known about a record', () => {
  test('its run, its file and its line', async () => {
    const folder = await folderWith({
      'a.csv': 'id\n1\n\n"2"\n',
      'b.ndjson': '{"id":3}\nx\n{"id":4}\n',
      'c.json': '[{"id":5},6,{"id":7}]',
      'd.json': '{"id":8}',
    });
    const run = { id: 'monday', startedAt: '2026-11-30T08:00:00.000Z' };
    const ctx = {
      ...contextOf({ url: `${folder}/*`, metadata: ['run', 'loadedAt', 'file', 'line'] }),
      run,
    };
    const { records } = await readWith(ctx);
    const at = (id: unknown, name: string, line: number) => ({
      id,
      _aries_run: 'monday',
      _aries_loaded_at: '2026-11-30T08:00:00.000Z',
      _aries_file: `${folder}/${name}`,
      _aries_line: line,
    });
    expect(records).toEqual([
      at(1, 'a.csv', 2),
      // A blank line of a file with one column is a record.
      at(null, 'a.csv', 3),
      at(2, 'a.csv', 4),
      at(3, 'b.ndjson', 1),
      at(4, 'b.ndjson', 3),
      at(5, 'c.json', 1),
      at(7, 'c.json', 3),
      at(8, 'd.json', 1),
    ]);
  });

  test('an interrupted read goes on with the right lines', async () => {
    const lines = Array.from({ length: 5000 }, (_, index) => `{"id":${index + 1}}\n`).join('');
    const rows = Array.from({ length: 5000 }, (_, index) => `${index + 1}\n`).join('');
    const folder = await folderWith({ 'a.ndjson': lines, 'b.csv': `id\n${rows}` });
    const config = { url: `${folder}/*`, metadata: ['line' as const] };
    const whole = await read(config);
    for (const { position, after } of whole.checkpoints) {
      expect((await read(config, { position })).records).toEqual(whole.records.slice(after));
    }
    expect(whole.records[9999]).toEqual({ id: 5000, _aries_line: 5001 });
  });

  test('a field that the file has itself is refused', async () => {
    const folder = await folderWith({ 'a.ndjson': '{"_aries_file":1}\n' });
    expect(await failure(read({ url: `${folder}/a.ndjson`, metadata: ['file'] }))).toBe(
      `DATA_INVALID: ${folder}/a.ndjson has a field "_aries_file", which "metadata" would add — Leave this one out of "metadata".`,
    );
  });
});
