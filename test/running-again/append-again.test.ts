import { appendFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract, type LoadOptions, load, planExtract } from '@aries-data/engine';
import { expect, test } from 'vitest';
import * as file from '../../connectors/file/src/index.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { changingShop } from './changing-shop.ts';

/** Makes a folder of files that are loaded one by one into another folder. */
async function inbox() {
  const folder = await temporaryFolder();
  const connector = { name: 'file', version: '0.0.0', ...file };
  const warnings: string[] = [];
  const quiet = () => {};
  const log = { debug: quiet, info: quiet, warn: (message: string) => void warnings.push(message), error: quiet };
  const source = (url: string) => ({
    connector,
    config: { url: join(folder, url), stream: 'items', format: 'ndjson' },
  });
  const loadOf = (dataset: string, options: Partial<LoadOptions>) =>
    load({
      destination: { connector, config: { path: join(folder, 'out'), format: 'ndjson' } },
      input: [dataset],
      disposition: 'append',
      log,
      ...options,
    });
  let runs = 0;
  return {
    folder,
    warnings,
    put: (name: string, ...ids: number[]) =>
      writeFile(join(folder, name), ids.map((id) => `${JSON.stringify({ id })}\n`).join('')),
    async append(url: string, options: Partial<LoadOptions> = {}) {
      const extracted = await extract({ source: source(url), staging: folder, name: 'job', runId: `run-${++runs}` });
      return loadOf(extracted.dataset, options);
    },
    async appendPartitions(url: string) {
      const runId = `run-${++runs}`;
      const step = { source: source(url), staging: folder, name: 'job', runId };
      const { partitions, run } = await planExtract(step);
      for (const partition of partitions) await extract({ ...step, partition });
      return loadOf(run, {});
    },
    async ids() {
      const out = join(folder, 'out');
      const names = (await readdir(out)).filter((name) => name.endsWith('.ndjson'));
      const texts = await Promise.all(names.map((name) => readFile(join(out, name), 'utf8')));
      const lines = texts.flatMap((text) => text.split('\n')).filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line).id as number).sort();
    },
  };
}

test('files that were appended are not appended again: the error names them, and nothing is loaded', async () => {
  const it = await inbox();
  await it.put('a.jsonl', 1);
  await it.append('*.jsonl');
  await it.put('b.jsonl', 2);
  await expect(it.append('*.jsonl')).rejects.toMatchObject({
    code: 'LOAD_REFUSED',
    exitCode: 78,
    message: `Loading into "items" is refused: run run-1 already appended ${it.folder}/a.jsonl: appending would repeat records`,
    hint: expect.stringContaining('--allow-repeat'),
  });
  await expect(it.appendPartitions('*.jsonl')).rejects.toThrow('a.jsonl: appending would repeat');
  // It is the same file with any pattern.
  await expect(it.append('a.*')).rejects.toThrow('a.jsonl: appending would repeat');
  expect(await it.ids()).toEqual([1]);
});

test('other files are appended, next to the first ones or after these were removed', async () => {
  const it = await inbox();
  await it.put('a.jsonl', 1);
  await it.put('b.jsonl', 2);
  await it.appendPartitions('*.jsonl');
  for (const name of ['a.jsonl', 'b.jsonl']) await rm(join(it.folder, name));
  await it.put('c.jsonl', 3);
  await it.append('*.jsonl');
  await it.put('d.jsonl', 4);
  await it.append('d.jsonl');
  expect(await it.ids()).toEqual([1, 2, 3, 4]);
  expect(it.warnings).toEqual([]);
  await expect(it.append('*.jsonl')).rejects.toThrow(/c\.jsonl, \S*d\.jsonl: appending/);
});

test('a changed file is appended with a warning, because it may have grown', async () => {
  const it = await inbox();
  await it.put('a.jsonl', 1);
  await it.append('a.jsonl');
  await appendFile(join(it.folder, 'a.jsonl'), '{"id":2}\n');
  await it.append('a.jsonl');
  expect(await it.ids()).toEqual([1, 1, 2]);
  expect(it.warnings).toEqual([expect.stringMatching(/^items: appended before and changed since: \S*a\.jsonl\. /)]);
});

test('records are repeated on request; replace loads all of them and starts again', async () => {
  const it = await inbox();
  await it.put('a.jsonl', 1);
  await it.append('*.jsonl');
  await it.append('*.jsonl', { allowRepeat: true });
  expect(await it.ids()).toEqual([1, 1]);
  await it.append('*.jsonl', { disposition: 'replace' });
  expect(await it.ids()).toEqual([1]);
  await expect(it.append('*.jsonl')).rejects.toMatchObject({ code: 'LOAD_REFUSED' });
});

test('a source that reports no inputs: a second full read with the same config is a repetition', async () => {
  await using shop = await changingShop({ items: { fields: { id: 'integer' } } }, 'file');
  const append = { disposition: 'append' } as const;
  shop.rows.items = [];
  await shop.both('empty', append);
  shop.rows.items = [{ id: 1 }];
  await shop.both('monday', append);
  shop.rows.items = [{ id: 2 }];
  await shop.extract('tuesday');
  await expect(shop.load('tuesday', append)).rejects.toMatchObject({
    code: 'LOAD_REFUSED',
    message:
      'Loading into "items" is refused: run monday already appended a full read of the same source: appending another would repeat its records',
  });
  expect((await shop.load('monday', append)).streams.items!.outcome).toBe('already-loaded');
  await shop.load('tuesday', { ...append, allowRepeat: true });
  expect(await shop.table('items')).toHaveLength(2);
});
