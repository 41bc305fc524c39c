import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonRecord } from '@aries-data/sdk';
import { encodeName } from '@aries-data/stores';
import { defineConformance } from '@aries-data/testing';

async function temporaryFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'aries-file-'));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

const line = (id: number) => `${JSON.stringify({ id, name: `name ${id}`, at: day(id) })}\n`;
const day = (id: number) => new Date(Date.UTC(2024, 0, 1 + (id % 20))).toISOString();
const lines = (count: number) => Array.from({ length: count }, (_, index) => line(index)).join('');

export const source = defineConformance({
  streams: [{ name: 'things', cursor: 'at', primaryKey: ['id'] }],
  async setup() {
    const world = await temporaryFolder();
    await writeFile(join(world.folder, 'a.ndjson'), lines(500));
    await writeFile(join(world.folder, 'b.ndjson'), line(1000));
    return { ...world, config: { url: join(world.folder, '*.ndjson'), stream: 'things' } };
  },
  // Each step adds a record with the greatest cursor value so far and a newer one.
  mutate: (step, { folder }) =>
    appendFile(
      join(folder, 'b.ndjson'),
      [1100 + step, 2000 + step]
        .map((id) => ({ id, name: `step ${step}`, at: `2024-02-0${id < 2000 ? step : step + 1}T00:00:00.000Z` }))
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(''),
    ),
});

export const destination = defineConformance({
  schemaless: true,
  async setup() {
    const world = await temporaryFolder();
    return { ...world, config: { path: join(world.folder, 'out') } };
  },
  async rows(target, { folder }) {
    const out = join(folder, 'out');
    // A replaced target is one file; each append adds a file with its time in the name.
    const isIts = (name: string) =>
      name.startsWith(encodeName(target)) &&
      /^(?:-\d{8}T\d{9}Z-[0-9a-f]{12})?\.ndjson$/.test(name.slice(encodeName(target).length));
    const files = (await readdir(out)).filter(isIts);
    const texts = await Promise.all(files.sort().map((name) => readFile(join(out, name), 'utf8')));
    return texts
      .join('')
      .split('\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as JsonRecord);
  },
});
