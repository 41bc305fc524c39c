import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

async function folder(files: Record<string, string>): Promise<string> {
  const root = await temporaryFolder();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const CONNECTOR = `
import { defineSource, isAriesError, AriesError } from '@aries-data/sdk';
import { z } from 'zod';
import { readAll } from '@aries-data/testing';
import { limit } from './limit.ts';

type Row = { n: number };
export const source = defineSource({
  config: z.object({ from: z.number().default(1).describe('The first number') }),
  streams: ({ stream }) => ({
    numbers: stream({
      schema: z.object({ n: z.number() }),
      async *read({ config }): AsyncGenerator<Row[]> { yield [{ n: config.from }, { n: limit }]; },
    }),
  }),
});`;

test('a local .ts runs without a build, with the SDK and zod even if its folder has no node_modules', async () => {
  const cwd = await folder({ 'counter.ts': CONNECTOR, 'limit.ts': 'export const limit: number = 9;' });
  const { result, stderr } = await runAries(['extract', './counter.ts', '--staging', './staging'], { cwd });
  expect(stderr).not.toContain('error');
  expect(result).toMatchObject({ ok: true, name: 'counter', streams: { numbers: { records: 2 } } });
  expect((await runAries(['spec', './counter.ts'], { cwd })).result).toEqual({
    ok: true,
    connector: 'counter',
    version: '0.0.0',
    source: {
      config: expect.objectContaining({
        properties: { from: { type: 'number', default: 1, description: 'The first number' } },
      }),
    },
  });
  expect((await runAries(['discover', './counter.ts'], { cwd })).result).toMatchObject({
    ok: true,
    streams: [{ name: 'numbers', primaryKey: [] }],
  });
});

test.each([
  [
    'a syntax error',
    { 'x.ts': 'export const a = 1;\nexport const = 2;' },
    /x\.ts cannot be loaded: .*\(.*x\.ts:2\)$/,
    /Correct the file/,
  ],
  [
    'a package that is not installed',
    { 'x.ts': "import 'left-pad-of-nobody';" },
    /x\.ts cannot be loaded: Cannot find package 'left-pad-of-nobody'/,
    /npm install left-pad-of-nobody/,
  ],
  [
    'a file that is not there',
    { 'x.ts': "import './y.ts';" },
    /x\.ts cannot be loaded: Cannot find module/,
    /relative imports end in \.ts/,
  ],
  [
    'TypeScript that is more than types',
    { 'x.ts': 'enum A { B }\nexport const a = A.B;' },
    /x\.ts cannot be loaded/,
    /Types are stripped/,
  ],
  [
    'an error of its own',
    { 'x.ts': '\nthrow new Error("no luck");' },
    /x\.ts cannot be loaded: no luck \(.*x\.ts:2\)$/,
    /Correct the file/,
  ],
  [
    'no connector at all',
    { 'x.ts': 'export const a = 1;' },
    /^x exports no source, transform or destination$/,
    /Export a const/,
  ],
  [
    'a connector of the wrong make',
    { 'x.ts': 'export const source = {};' },
    /^x: its export "source" was not made by defineSource$/,
    /defineSource/,
  ],
])('%s is told with file and reason', async (_, files, message, hint) => {
  const { code, result } = await runAries(['spec', './x.ts'], { cwd: await folder(files as Record<string, string>) });
  expect(result).toMatchObject({
    ok: false,
    error: { code: 'CONNECTOR_INVALID', message: expect.stringMatching(message), hint: expect.stringMatching(hint) },
  });
  expect(code).toBe(78);
});

test('a package in node_modules is found by its short name', async () => {
  const cwd = await folder({
    'node_modules/aries-connector-counter/package.json': JSON.stringify({
      name: 'aries-connector-counter',
      version: '3.1.0',
      type: 'module',
      exports: './index.js',
    }),
    'node_modules/aries-connector-counter/index.js': CONNECTOR.replace(/type Row.*\n/, '')
      .replace(': AsyncGenerator<Row[]>', '')
      .replace("'./limit.ts'", "'./limit.js'"),
    'node_modules/aries-connector-counter/limit.js': 'export const limit = 9;',
  });
  expect((await runAries(['spec', 'counter'], { cwd })).result).toMatchObject({
    ok: true,
    connector: 'counter',
    version: '3.1.0',
  });
});
