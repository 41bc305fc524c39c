import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAll, runTransform } from '../packages/sdk/src/testing/index.ts';

const root = resolve(import.meta.dirname, '..');
// Below the root, so that what the guides import is found.
const folder = join(root, 'node_modules/.aries-guides');

/** The blocks of TypeScript in a guide, by the file that their first line names. */
function blocksOf(guide: string): { file: string; code: string }[] {
  const text = readFileSync(join(root, `docs/guides/${guide}.md`), 'utf8');
  return [...text.matchAll(/^```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)^```/gm)].map(([, file = '', code = '']) => ({
    file,
    code,
  }));
}

/** What is shown of a template is that template's text; the tests of the template run it. */
const EXCERPTS = { 'first-connector': 'api', destinations: 'destination', transforms: 'transform' };

describe.each(Object.entries(EXCERPTS))('%s', (guide, template) => {
  const shown = blocksOf(guide).filter(({ file }) => file.startsWith('src/'));

  test('shows something', () => expect(shown).not.toEqual([]));

  test.each(shown)('shows $file as it is', ({ file, code }) => {
    expect(readFileSync(join(root, 'templates', template, file), 'utf8')).toContain(code);
  });
});

describe('whole files', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const { file, code } of ['transforms', 'incremental'].flatMap(blocksOf)) {
      if (file.startsWith('src/')) continue;
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), code);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const load = (file: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href);

  test('compile', () => {
    const config = { extends: join(root, 'tsconfig.json'), include: [join(folder, '*.ts')], exclude: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { stdio: 'pipe', cwd: root });
  });

  test('in-euros.ts does what its test says', async () => {
    const { transform } = await load('in-euros.ts');
    const records = [
      { id: 1, dollars: '10.00' },
      { id: 2, dollars: null },
    ];
    const result = await runTransform(transform, { config: { rate: 0.86 }, records });
    expect(result).toMatchObject({ records: [{ id: 1, euros: '8.60' }], dropped: 1, rejected: [] });
  });

  test('events.ts reads page by page, and asks for its window', async () => {
    const { source } = await load('events.ts');
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      const event = { id: page, kind: 'opened', at: `2026-01-0${page}T00:00:00Z` };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(page > 2 ? [] : [event]));
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    try {
      const { records } = await readAll(source, {
        config: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
        stream: 'events',
        interval: { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' },
      });
      expect(records).toMatchObject([{ id: '1' }]);
      expect(asked).toHaveLength(3);
      for (const url of asked) expect(url).toContain('since=2026-01-01T00%3A00%3A00.000Z&until=2026-01-02');
    } finally {
      server.close();
    }
  });
});
