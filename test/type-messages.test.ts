import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const FIELDS = 'schema: z.object({ id: z.string(), votes: z.number() })';

const stream = (members: string) => `({ stream }) => ({ issues: stream({ ${members} }) })`;
const read = (body: string, schema = FIELDS) => stream(`${schema}, async *read({ http, config }) { ${body} }`);

/** Mistakes in a source, by the last line of the compiler's message. */
const WRONG: Record<string, [streams: string, said: string]> = {
  'a value of another type': [
    read("yield [{ id: '1', votes: '2' }];"),
    "Types of property 'votes' are incompatible. Type 'string' is not assignable to type 'number'.",
  ],
  'a null that is not declared': [
    read("yield [{ id: '1', votes: null }];"),
    "Types of property 'votes' are incompatible. Type 'null' is not assignable to type 'number'.",
  ],
  'a field that is missing': [
    read("yield [{ id: '1' }];"),
    "Property 'votes' is missing in type '{ id: string; }' but required in type '{ id: string; votes: number; }'.",
  ],
  'one batch of several': [
    read("yield [{ id: '1', votes: 1 }]; yield [{ id: 2, votes: 2 }];"),
    "Types of property 'id' are incompatible. Type 'number' is not assignable to type 'string'.",
  ],
  'a record that is no batch': [
    read("yield { id: '1', votes: 1 };"),
    "Type '{ id: string; votes: number; }' is not assignable to type 'ReadItem<{ id: string; votes: number; }, Json>'.",
  ],
  'a stream that reads nothing': [
    stream(`${FIELDS}, primaryKey: ['id']`),
    "Property 'read' is missing in type '{ … }' but required in type 'ReadDefinition<…>'.",
  ],
  'a bare object': [
    `() => ({ issues: { ${FIELDS}, primaryKey: ['nope'], async *read() {} } })`,
    "Property '[MADE_BY_STREAM]' is missing in type '{ … }' but required in type 'Stream<unknown>'.",
  ],
  'a key that is no field': [
    stream(`${FIELDS}, primaryKey: ['nope'], async *read() {}`),
    `Type '"nope"' is not assignable to type '"id" | "votes"'.`,
  ],
  'a cursor that is no field': [
    stream(`${FIELDS}, cursor: 'nope', async *read() {}`),
    `Type '"nope"' is not assignable to type '"id" | "votes"'.`,
  ],
};

const programs = Object.entries(WRONG);
let folder: string;

beforeAll(async () => {
  // Inside the repository, so that imports resolve.
  await mkdir(join(root, '.aries'), { recursive: true });
  folder = await mkdtemp(join(root, '.aries/wrong-'));
  const compilerOptions = { noEmit: true, rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }),
  );
  for (const [index, [, [streams]]] of programs.entries())
    await writeFile(
      join(folder, `${index}.ts`),
      `import { defineSource } from '@aries-data/sdk';
import { z } from 'zod';
export const source = defineSource({ config: z.object({}), streams: ${streams} });
`,
    );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the last line of the compiler names the wrong field of a source', () => {
  expect(lastSentences()).toEqual(Object.fromEntries(programs.map(([name, [, said]]) => [name, said])));
});

/** Returns the end of the compiler's message for each program: the wrong field, and why. */
function lastSentences(): Record<string, string> {
  let output = '';
  try {
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    output = (error as { stdout: string }).stdout;
  }
  const said: Record<string, string> = {};
  for (const problem of output.split(/^(?=\S*\d+\.ts\()/m)) {
    const [, index = '', message = ''] = /(\d+)\.ts\(\S+ error TS\d+: ([\s\S]*)/.exec(problem) ?? [];
    const lines = message.trimEnd().split('\n');
    const last = lines.at(-1)!.trim();
    const before = lines.at(-2)?.trim() ?? '';
    // If a type differs, the line before names the field.
    const sentence = before.startsWith('Types of property') ? `${before} ${last}` : last;
    said[programs[Number(index)]?.[0] ?? problem] = sentence
      .replace(/'\{ schema: .*\}'(?= but)/, "'{ … }'")
      .replace(/'ReadDefinition<.*>'/, "'ReadDefinition<…>'");
  }
  return said;
}
