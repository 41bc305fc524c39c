import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { REFERENCE } from '../scripts/docs/reference-pages.ts';

interface Example {
  name: string;
  code: string;
  /** True if it shows the values of its expressions: `EXPRESSION; // VALUE`. */
  tells: boolean;
}

const root = resolve(import.meta.dirname, '..');
const pages = REFERENCE.map((page) => readFileSync(join(root, `docs/reference/${page.package}.md`), 'utf8'));
const RESULT = /^(?!const )(.+); \/\/ (.+)$/gm;

/** Code that the examples leave to the reader. */
const WORLD = `
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { z } from 'zod';
${pages.map(importsOf).join('\n')}

declare const connector: Connector, config: any, readme: string, store: Store, log: Log, signal: AbortSignal, body: Readable;
declare const dialect: SqlDialect, connect: (url: string) => Promise<SqlConnection>;
declare const loadConnector: PipelineOptions['loadConnector'], suites: ConformanceSuites;
declare const batches: Batch[], encode: (batch: Batch) => Buffer, lines: string[], path: string;
declare const startServer: () => Promise<{ url: string; stop(): Promise<void>; addUser(name: string): Promise<void> }>;
type Issue = { id: string; title: string };
declare const page: { number: number; items: Issue[] };
const source = defineSource({
  config: z.object({ repo: z.string() }),
  streams: ({ stream }) => ({ issues: stream({ schema: z.object({ title: z.string() }), async *read() {} }) }),
});
const schema: RecordSchema = {
  type: 'object',
  properties: { id: { type: 'string', format: 'int64' }, title: { type: 'string' }, share: { type: 'number' } },
  required: ['id', 'title'],
};
`;

const examples = pages.flatMap(examplesOf);
let folder: string;

beforeAll(async () => {
  // Inside the repository, so that imports in the examples resolve.
  await mkdir(join(root, '.aries'), { recursive: true });
  folder = await mkdtemp(join(root, '.aries/examples-'));
  const compilerOptions = { noEmit: true, rewriteRelativeImportExtensions: false, allowImportingTsExtensions: true };
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions, include: ['*.ts'] }),
  );
  // A dependency of connectors, not of the repository's root.
  await writeFile(join(folder, 'ssh2.d.ts'), "declare module 'ssh2';\n");
  for (const [index, { code }] of examples.entries())
    await writeFile(
      join(folder, `${index}.ts`),
      `${WORLD}
export default async function* example(is: (value: unknown, expected: unknown) => void): AsyncGenerator<ReadItem<Issue>> {
${code
  .replace(/^import \* as connector from .*$/m, 'const connector = { source };')
  .replaceAll(/^export |^import .* from '\..*;$/gm, '')
  .replaceAll(RESULT, 'is($1, ($2));')}
}
`,
    );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the examples of the reference type-check', () => {
  const types = () =>
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8', stdio: 'pipe' });
  let problems = '';
  try {
    types();
  } catch (error) {
    problems = (error as { stdout: string }).stdout.replaceAll(
      /\b(\d+)\.ts\(/g,
      (_, index) => `${examples[index]?.name} (`,
    );
  }
  expect(examples.length).toBeGreaterThan(50);
  expect(problems).toBe('');
});

test.each(examples.flatMap((example, index) => (example.tells ? [{ ...example, index }] : [])))(
  'the example of $name tells the truth',
  async ({ index }) => {
    const { default: example } = await import(pathToFileURL(join(folder, `${index}.ts`)).href);
    for await (const _ of example((value: unknown, expected: unknown) => expect(value).toEqual(expected)));
    expect.hasAssertions();
  },
);

function examplesOf(markdown: string): Example[] {
  return sectionsOf(markdown).flatMap(({ name, text }) =>
    [...text.matchAll(/^Example:\n\n```ts\n([\s\S]*?)\n```$/gm)].map(([, code = '']) => ({
      name,
      code,
      tells: code.search(RESULT) >= 0,
    })),
  );
}

/** Imports everything that a page lists, so that examples need not. */
function importsOf(markdown: string): string {
  const [, from] = /^Everything that `([^`]+)` exports/m.exec(markdown) ?? [];
  const names = sectionsOf(markdown)
    .filter(({ text }) => !text.includes('\nNot exported.\n'))
    .map(({ name, text }) => (/^```ts\n(interface|type) /m.test(text) ? `type ${name}` : name));
  return `import { ${names.join(', ')} } from '${from}';`;
}

function sectionsOf(markdown: string): { name: string; text: string }[] {
  return markdown
    .split(/^### `/m)
    .slice(1)
    .map((text) => ({ name: text.slice(0, text.indexOf('`')), text }));
}
