import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runAries } from '../packages/cli/src/testing/run-aries.ts';
import { runHere } from '../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';

const root = resolve(import.meta.dirname, '..');
// Nothing listens there, so npm fails at once and writes no lock file.
const NO_REGISTRY = { npm_config_registry: 'http://127.0.0.1:1/' };

/** Makes a folder that looks like this repository. */
async function repository(): Promise<string> {
  const folder = await temporaryFolder();
  for (const file of ['pnpm-workspace.yaml', 'package.json', 'biome.json'])
    writeFileSync(join(folder, file), readFileSync(join(root, file)));
  mkdirSync(join(folder, 'packages'));
  return folder;
}

/** Runs the command in this process, with that working directory. */
async function runIn(folder: string, args: string[], answers?: string[]) {
  const before = process.cwd();
  process.chdir(folder);
  try {
    return await runHere(['new', ...args], answers);
  } finally {
    process.chdir(before);
  }
}

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort();

test('elsewhere, it writes a standalone package and explains why there is no lock file', async () => {
  const cwd = await temporaryFolder();
  const { code, result, stderr } = await runAries(['new', 'connector', 'tickets', '--yes'], { cwd, env: NO_REGISTRY });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  expect(stderr).toContain('No package-lock.json was written: ');
  expect(result).toMatchObject({ ok: true, name: 'tickets', template: 'api', lockFile: false });
  expect(result.next).toEqual([
    'cd tickets && npm install',
    'npm test',
    `npx aries extract --config '{"repo":"nodejs/node"}' --limit 10 --staging .aries/staging --name tickets --run-id first`,
  ]);
  const folder = join(cwd, 'tickets');
  expect(filesIn(folder)).toEqual(result.files);
  expect(result.files).toEqual([
    '.dockerignore',
    '.github/workflows/ci.yml',
    '.gitignore',
    'Dockerfile',
    'LICENSE',
    'README.md',
    'conformance.ts',
    'package.json',
    'src/config.ts',
    'src/conformance.test.ts',
    'src/index.ts',
    'src/readme.test.ts',
    'src/source.test.ts',
    'src/source.ts',
    'tsconfig.build.json',
    'tsconfig.json',
  ]);
  expect(readFileSync(join(folder, 'Dockerfile'), 'utf8')).toBe('FROM aries-data\n');
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect(manifest).toMatchObject({ name: 'aries-connector-tickets', keywords: ['aries-connector'] });
  expect(JSON.stringify(manifest)).not.toMatch(/workspace:|catalog:|private/);
});

test('inside this repository, it tells the commands of the guide, with the conformance suite, which the fast tests leave out', async () => {
  const folder = await repository();
  const api = (await runIn(folder, ['connector', 'tickets', '--template', 'api'])).result.next;
  expect(api).toEqual([
    'npx --yes pnpm@12 install',
    'npx --yes pnpm@12 exec vitest run connectors/tickets',
    'npx aries test ./connectors/tickets',
    `npx aries extract ./connectors/tickets --config '{"repo":"nodejs/node"}' --limit 10 --staging .aries/staging --name tickets --run-id first`,
  ]);
  const guide = readFileSync(join(root, 'docs/guides/first-connector.md'), 'utf8');
  expect(guide).toContain(`\`\`\`text\n${api.join('\n')}\n\`\`\``);
  const { result } = await runIn(folder, ['connector', 'masked', '--template', 'transform']);
  expect(result.next).toEqual(api.slice(0, 3).map((command: string) => command.replace('tickets', 'masked')));
});

test.each(['api', 'database', 'file', 'transform', 'destination'])(
  'inside this repository: %s, formatted and linted, whatever the length of its name',
  async (template) => {
    const folder = await repository();
    for (const name of ['x', `n${'-x'.repeat(19)}`]) {
      const { code, result } = await runIn(folder, ['connector', name, '--template', template]);
      expect({ code, folder: result.folder }).toEqual({ code: 0, folder: join(folder, 'connectors', name) });
      const text = filesIn(result.folder)
        .map((file) => readFileSync(join(result.folder, file), 'utf8'))
        .join('\n');
      expect(text).not.toMatch(/\bmy-|MY_/);
      expect(text).toContain(`@aries-data/connector-${name}`);
      expect(text).toMatch(/"zod": "catalog:"/);
      expect(readFileSync(join(result.folder, 'Dockerfile'), 'utf8')).toBe('FROM aries-data\n');
      expect(text).toMatch(/"dist",\s+"Dockerfile"/);
    }
    const args = ['check', '--error-on-warnings', '--vcs-enabled=false', 'connectors'];
    execFileSync(join(root, 'node_modules/.bin/biome'), args, { cwd: folder, stdio: 'pipe' });
  },
);

test('it asks before overwriting', async () => {
  const cwd = await repository();
  const again = (answers?: string[], ...flags: string[]) =>
    runIn(cwd, ['connector', 'tickets', '--transform', ...flags], answers);
  const readme = join(cwd, 'connectors/tickets/README.md');
  const written = async () => readFileSync(readme, 'utf8');
  expect((await again()).code).toBe(0);
  const fresh = await written();
  // Identical files need no question.
  expect((await again()).code).toBe(0);
  writeFileSync(readme, 'mine');
  for (const refused of [await again(), await again(['']), await again(['no']), await again(['y'], '--yes')]) {
    expect(refused.result).toMatchObject({
      exitCode: 2,
      error: { code: 'USAGE', message: 'connectors/tickets already has README.md; nothing was written' },
    });
    expect(await written()).toBe('mine');
  }
  expect((await again(['y'])).code).toBe(0);
  expect(await written()).toBe(fresh);
});

test('it asks for what flags do not set', async () => {
  const cwd = await repository();
  const asked = async (name: string, flags: string[], ...answers: string[]) =>
    (await runIn(cwd, ['connector', name, ...flags], answers)).result.template;
  expect(await asked('a', [], '5')).toBe('destination');
  expect(await asked('b', [], 'nonsense', 'transform')).toBe('transform');
  expect(await asked('c', ['--source'], '2')).toBe('database');
  expect(await asked('d', [], '')).toBe('api');
  // It is both.
  expect(await asked('e', ['--source', '--template', 'database'])).toBe('database');
  expect(await asked('f', ['--destination', '--template', 'database'])).toBe('database');
});

test.each([
  [['connector', 'tickets'], 'The kind of the connector is missing'],
  [['connector', 'tickets', '--destination', '--template', 'api'], 'The template api is a source, not a destination'],
  [['connector', 'My Tickets', '--yes'], '"My Tickets" cannot be used as a name: use lower-case letters'],
  [['connector', '../up', '--yes'], '"../up" cannot be used as a name'],
  [['connector', 'aries-connector-x', '--yes'], 'the prefix of the package is added to it'],
  [['connector', 'select', '--yes'], 'an installed connector or transform has it'],
  [['connector', 'x'.repeat(41), '--yes'], 'it is longer than 40 characters'],
  [['pipeline', 'Ünï'], '"Ünï" cannot be used as a name'],
])('refused: %j', async (args, message) => {
  const cwd = await temporaryFolder();
  const { code, result } = await runIn(cwd, args);
  expect({ code, message: result.error.message }).toEqual({ code: 2, message: expect.stringContaining(message) });
  expect(readdirSync(cwd)).toEqual([]);
});

test('a pipeline inside this repository runs from its root', async () => {
  const folder = await repository();
  const { result } = await runIn(folder, ['pipeline', 'shop']);
  expect(result.files).toEqual(['README.md', 'clean.ts', 'orders.ndjson', 'pipeline.yaml']);
  const run = await runAries(['run', 'examples/shop/pipeline.yaml'], { cwd: folder });
  expect({ code: run.code, stderr: run.code === 0 ? '' : run.stderr }).toEqual({ code: 0, stderr: '' });
  expect(readFileSync(join(folder, '.aries/shop/orders.csv'), 'utf8')).toMatchInlineSnapshot(`
    "id,at,customer,total
    1,2026-01-03T09:12:00Z,Ada,12.50
    2,2026-01-07T17:40:00Z,Alan,8.00
    4,2026-01-19T08:05:00Z,Grace,99.90
    "
  `);
});

test('on a terminal it asks on stderr and prints readable text on stdout', async () => {
  const cwd = await temporaryFolder();
  const { code, stdout } = await runAries([], {
    cwd,
    env: NO_REGISTRY,
    terminal: 'new connector masked --source',
    input: '3\n',
  });
  expect(code).toBe(0);
  expect(stdout).toContain('1 api: reads a web API');
  expect(stdout).toContain('cd masked && npm install');
  expect(readFileSync(join(cwd, 'masked/README.md'), 'utf8')).toContain('access.log');
});
