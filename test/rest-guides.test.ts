import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../packages/cli/src/testing/run-here.ts';
import { restApi } from '../packages/rest/src/index.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const root = resolve(import.meta.dirname, '..');
const guide = (name: string) => readFileSync(join(root, `docs/guides/${name}.md`), 'utf8');
const blocks = (markdown: string, language: string) =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

/** Answers with three issues, one per page, at any path. */
const ISSUES = [1, 2, 3].map((id) => ({ id, title: `issue ${id}` }));
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(request)));
});
let url: string;

function answer({ url = '', headers }: IncomingMessage): object {
  if (headers.authorization !== undefined && headers.authorization !== 'Bearer tok-123456') return { items: [] };
  const { searchParams } = new URL(url, 'http://localhost');
  const page = Number(searchParams.get('after') ?? searchParams.get('token') ?? 1);
  const items = ISSUES.slice(page - 1, page);
  return { items, data: items, paging: page < 3 ? { next: String(page + 1) } : {} };
}

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
});
afterAll(() => server.close());

async function folderWith(files: Record<string, string>): Promise<string> {
  const folder = await temporaryFolder();
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

const FIRST = blocks(guide('rest'), 'yaml')[0]!;
const AT_HOME = () => FIRST.replace('https://api.example.com/v1', url);

describe('docs/guides/rest.md', () => {
  test('the first stream: every command works', async () => {
    const cwd = await folderWith({ 'rest.yaml': AT_HOME() });
    const commands = blocks(guide('rest'), 'text')[0]!.trim().split('\n');
    expect(commands.length).toBe(3);
    let last = '';
    for (const command of commands) {
      const [aries, ...argv] = command.split(' ');
      expect(aries).toBe('aries');
      const { code, stdout, stderr } = await runAries(argv, { cwd, env: { API_TOKEN: 'tok-123456' } });
      expect({ command, code, output: code === 0 ? '' : stdout + stderr }).toEqual({ command, code: 0, output: '' });
      last = stdout;
    }
    expect(
      last
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(ISSUES);
  });

  test('a connector with its own name runs unchanged', async () => {
    const yaml = AT_HOME().replace('${env:API_TOKEN}', '{config.token}');
    const [code = ''] = blocks(guide('rest'), 'ts');
    const folder = await folderWith({ 'issues.yaml': yaml, 'issues.ts': code });
    expect(await recordsOf(join(folder, 'issues.ts'), folder, { token: 'tok-123456' })).toBe(3);
  });
});

describe('every YAML block is valid for rest', () => {
  const pieces = ['rest', 'pagination'].flatMap((name) => blocks(guide(name), 'yaml'));
  const inTables = [...guide('pagination').matchAll(/`(\{ type: .*? \})`/g)].map(([, piece]) => `pagination: ${piece}`);
  expect(inTables.length).toBe(9);
  test.each([...pieces, ...inTables])('%s', (piece) => {
    const api = { baseUrl: 'https://api.example.com', streams: { things: { path: '/things' } }, ...parse(piece) };
    expect(restApi.safeParse(api).error?.issues ?? []).toEqual([]);
  });
});

describe('docs/guides/pagination.md', () => {
  test.each(blocks(guide('pagination'), 'ts'))('%s', async (code) => {
    const connector = `import { defineSource, inferred } from '@aries-data/sdk';
      import { z } from 'zod';
      export const source = defineSource({
        config: z.object({}),
        http: { baseUrl: '${url}', records: '/items' },
        streams: ({ stream }) => ({ issues: stream({ schema: inferred, async *read({ http }) { ${code} } }) }),
      });`;
    const folder = await folderWith({ 'issues.ts': connector });
    expect(await recordsOf(join(folder, 'issues.ts'), folder, {})).toBe(3);
  });
});

/** Counts the issues that a connector reads. */
async function recordsOf(connector: string, folder: string, config: object): Promise<number> {
  const staging = join(folder, 'staging');
  const { code, result } = await runHere([
    ...['extract', connector, '--config', JSON.stringify(config), '--staging', staging, '--name', 'issues'],
  ]);
  expect({ code, result }).toMatchObject({ code: 0 });
  return (result as { streams: { issues: { records: number } } }).streams.issues.records;
}
