import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAll } from '../packages/testing/src/index.ts';

const root = resolve(import.meta.dirname, '..');
// Below the root, so that imports in the guides resolve.
const folder = join(root, 'node_modules/.aries-guides');

interface Assertion {
  title: string;
  status: 'passed' | 'failed' | 'skipped';
}

const guides = readdirSync(join(root, 'docs/guides')).map((file) => basename(file, '.md'));

/** Extracts a guide's TypeScript blocks, each with the file that its first line names, if any. */
function blocksOf(guide: string): { file: string; code: string }[] {
  const text = readFileSync(join(root, `docs/guides/${guide}.md`), 'utf8');
  return [...text.matchAll(/^```ts\n(?:\/\/ (\S+\.ts)\n)?([\s\S]*?)^```/gm)].map(([, file, code = '']) => ({
    file: file ?? '',
    code,
  }));
}

/** Code to put around a fragment, chosen by how it begins. Whole files begin differently. */
const FRAMES: [begin: RegExp, frame: (code: string) => string][] = [
  [/^yield/, (code) => inStream(`async *read({ http }) {\n${code}}`)],
  [/^async \*read\(/, inStream],
  [
    /^open: /,
    (code) => `import { defineDestination } from '@aries-data/sdk';
import { z } from 'zod';

export const destination = defineDestination({
  config: z.object({}),
  formats: [],
  dispositions: ['append'],
  delivery: 'idempotent',
  ${code}
});
`,
  ],
];

function inStream(read: string): string {
  return `import { checkpoint, defineSource } from '@aries-data/sdk';
import { z } from 'zod';

export const source = defineSource({
  config: z.object({ url: z.url() }),
  http: ({ config }) => ({ baseUrl: config.url }),
  streams: ({ stream }) => ({
    issues: stream({
      schema: z.object({ id: z.string(), title: z.string() }),
      primaryKey: ['id'],
      ${read}
    }),
  }),
});
void checkpoint;
`;
}

/** Code that the guides leave to the reader. */
const READERS_OWN = {
  'own.d.ts':
    'declare function startServer(): Promise<{ url: string; stop(): Promise<void>; addUser(name: string): Promise<void> }>;\n',
  'start-server.ts': `import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

Object.assign(globalThis, {
  async startServer() {
    const users = [{ id: 1, name: 'Ada' }, { id: 2, name: 'Grace' }];
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://x');
      const after = Number(searchParams.get('after') ?? 0);
      const found = users.filter(({ id }) => id > after && id >= Number(searchParams.get('since') ?? 0));
      response.setHeader('content-type', 'application/json');
      if (found.length > 1) response.setHeader('link', \`</users?after=\${found[0]!.id}>; rel="next"\`);
      response.end(JSON.stringify(found.slice(0, 1)));
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    return {
      url: \`http://127.0.0.1:\${(server.address() as AddressInfo).port}\`,
      addUser: async (name: string) => void users.push({ id: users.length + 1, name }),
      async stop() {
        server.closeAllConnections();
        await new Promise((closed) => server.close(closed));
      },
    };
  },
});
`,
  'conformance.ts': blocksOf('testing')[0]!.code,
  'src/index.ts': `import { checkpoint, defineSource } from '@aries-data/sdk';
import { z } from 'zod';

export const source = defineSource({
  config: z.object({
    url: z.url().meta({ secret: true }).describe('Where the users are.'),
    table: z.string().describe('Their table.'),
  }),
  http: ({ config }) => ({ baseUrl: config.url }),
  streams: ({ config, stream }) => ({
    [config.table]: stream({
      schema: z.object({ id: z.int(), name: z.string() }),
      primaryKey: ['id'],
      cursor: 'id',
      async *read({ http, window, position }) {
        for await (const page of http.pages('/users', { query: { since: window.since }, from: position })) {
          yield page;
          yield checkpoint(page.next);
        }
      },
    }),
  }),
});
`,
};

/** Guides with excerpts of a template, which must equal its text. The template's own tests run it. */
const EXCERPTS: Record<string, string> = {
  'first-connector': 'api',
  destinations: 'destination',
  'sql-destinations': 'database',
  transforms: 'transform',
};

function isExcerpt(guide: string, file: string): boolean {
  const template = EXCERPTS[guide];
  return template !== undefined && file !== '' && existsSync(join(root, 'templates', template, file));
}

/** Makes files from a guide's blocks. Excerpts of a template are compiled with the template. */
function filesOf(guide: string): { file: string; code: string }[] {
  return blocksOf(guide)
    .filter(({ file }) => !isExcerpt(guide, file))
    .map(({ file, code }, index) => {
      const frame = FRAMES.find(([begin]) => begin.test(code))?.[1];
      return { file: file || `src/${guide}-${index}.ts`, code: frame?.(code) ?? code };
    });
}

test('the guide on positions shows the source of the example', () => {
  const [{ code = '' } = {}] = blocksOf('positions');
  expect(readFileSync(join(root, 'examples/follow/lines.ts'), 'utf8')).toBe(code);
});

describe.each(Object.entries(EXCERPTS))('%s', (guide, template) => {
  const shown = blocksOf(guide).filter(({ file }) => isExcerpt(guide, file));

  test('has excerpts', () => expect(shown).not.toEqual([]));

  test.each(shown)('shows $file unchanged', ({ file, code }) => {
    expect(readFileSync(join(root, 'templates', template, file), 'utf8')).toContain(code);
  });
});

describe('every block', () => {
  beforeAll(() => {
    rmSync(folder, { recursive: true, force: true });
    const own = Object.entries(READERS_OWN).map(([file, code]) => ({ file, code }));
    for (const { file, code } of [...guides.flatMap(filesOf), ...own]) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), code);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const load = (file: string) => import(/* @vite-ignore */ pathToFileURL(join(folder, file)).href);

  test('compiles', () => {
    const config = { extends: join(root, 'tsconfig.json'), include: [join(folder, '**/*.ts')], exclude: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    let problems = '';
    try {
      execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8', stdio: 'pipe', cwd: root });
    } catch (error) {
      problems = (error as { stdout: string }).stdout;
    }
    expect(problems).toBe('');
  });

  test('the tests in the guides pass', async () => {
    const config = `export default { test: {
      include: ['in-euros.test.ts', 'src/testing-1.ts'], exclude: [], setupFiles: ['start-server.ts'], testTimeout: 60_000,
    } };`;
    writeFileSync(join(folder, 'vitest.config.ts'), config);
    const vitest = join(root, 'node_modules/.bin/vitest');
    const report = join(folder, 'report.json');
    // Its exit code says only whether all passed, which the report says by name.
    await promisify(execFile)(vitest, ['run', '--root', folder, '--reporter', 'json', '--outputFile', report], {
      cwd: folder,
    }).catch(() => {});
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      testResults: { name: string; assertionResults: Assertion[] }[];
    };
    const titles = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults.map(({ title, status }) => `${basename(name)}: ${title}: ${status}`),
    );
    expect(titles).toContain('in-euros.test.ts: dollars become euros, and records without any are left out: passed');
    expect(titles.filter((title) => title.startsWith('testing-1.ts: source/')).length).toBeGreaterThan(5);
    expect(titles.filter((title) => title.endsWith(': failed'))).toEqual([]);
  });

  test('the destination in the guide on destinations sends each batch with its key', async () => {
    const [{ file = '' } = {}] = filesOf('destinations');
    const { destination } = await load(file);
    const sent: unknown[] = [];
    const http = {
      async json(path: string, { json, headers }: { json: unknown; headers: Record<string, string> }) {
        sent.push([path, json, headers['idempotency-key']]);
      },
    };
    const session = await destination.open({ config: {}, http });
    const stream = await session.open({ digest: 'sha256-1' });
    await stream.writeBatch([{ id: 1 }], { part: 'p', index: 0 });
    expect(sent).toEqual([['/contacts/batch', [{ id: 1 }], 'sha256-1/p/0']]);
    expect(await stream.finish()).toEqual({ received: 1 });
    await session.close();
  });

  test('the page numbers in the first guide lead through all pages', async () => {
    const [{ file = '' } = {}] = filesOf('first-connector');
    const { source } = await load(file);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const isFirst = request.url === '/shipments';
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({ shipments: [{ id: isFirst ? '1' : '2', title: '' }], next_page: isFirst ? 2 : null }),
      );
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    try {
      const config = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
      const { records } = await readAll(source, { config, stream: 'issues' });
      expect(records).toMatchObject([{ id: '1' }, { id: '2' }]);
      expect(asked).toEqual(['/shipments', '/shipments?page=2']);
    } finally {
      server.close();
    }
  });

  test('the resumable read in the HTTP guide reads all pages', async () => {
    const [, { file = '' } = {}] = filesOf('http');
    const { source } = await load(file);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const isFirst = request.url === '/issues';
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(isFirst ? { link: '</issues?page=2>; rel="next"' } : {}),
      });
      response.end(JSON.stringify([{ id: isFirst ? '1' : '2', title: 'an issue' }]));
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    try {
      const config = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
      const { records, rejected } = await readAll(source, { config, stream: 'issues' });
      expect({ records, rejected }).toMatchObject({ records: [{ id: '1' }, { id: '2' }], rejected: [] });
      expect(asked).toEqual(['/issues', '/issues?page=2']);
    } finally {
      server.close();
    }
  });

  test('events.ts reads page by page and requests its window', async () => {
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

  test('contacts.ts yields deletions before the records, and only where they matter', async () => {
    const { source } = await load('contacts.ts');
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      const items = request.url?.startsWith('/contacts/trash')
        ? [{ id: 'a', deleted_at: '2026-01-01T10:00:00Z' }]
        : [{ id: 'b', name: 'Ben', updated_at: '2026-01-01T11:00:00Z' }];
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ items }));
    }).listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    try {
      const config = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
      const interval = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z' };
      const { records } = await readAll(source, { config, stream: 'contacts', interval });
      expect(records).toMatchObject([
        { id: 'a', _aries_op: 'd', _aries_at: '2026-01-01T10:00:00Z' },
        { id: 'b', _aries_op: 'u', name: 'Ben' },
      ]);
      expect(asked.map((url) => url.split('?')[0])).toEqual(['/contacts/trash', '/contacts']);
    } finally {
      server.close();
    }
  });
});
