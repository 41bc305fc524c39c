import { execFile } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { githubStub } from '../services/github-stub.ts';
import { type Registry, startRegistry } from '../services/registry.ts';
import { openShell, type Shell } from '../services/shell.ts';

// Simulates a user without this repository: packages from a registry, another folder, another Node.
const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const guide = await readFile(join(root, 'docs/guides/first-connector.md'), 'utf8');

let registry: Registry;
let stub: string;
let cache: string;
/** The folder of `node`, by major version. */
const nodes: Record<string, string> = { 24: dirname(process.execPath) };

beforeAll(async () => {
  const packages = [...(await foldersIn('packages')), ...(await foldersIn('connectors'))];
  for (const folder of packages) await rm(join(root, folder, 'dist'), { recursive: true, force: true });
  await run('pnpm', ['--silent', 'build'], { cwd: root });
  registry = await startRegistry();
  for (const folder of packages) await registry.publish(join(root, folder));
  stub = await githubStub();
  cache = await temporaryFolder();
  nodes[22] = await installNode('22');
});
afterAll(() => registry?.[Symbol.asyncDispose]());

async function foldersIn(parent: string): Promise<string[]> {
  return (await readdir(join(root, parent))).map((name) => `${parent}/${name}`);
}

/** Finds the binary of another Node version, installed from npm. */
async function installNode(version: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  await run('npm', ['install', '--no-audit', '--no-fund', `node@${version}`], { cwd: folder });
  return join(folder, 'node_modules/node/bin');
}

/** Starts a shell with a Node, our registry and an empty cache. */
async function shellWith(node: string): Promise<Shell> {
  const cwd = await temporaryFolder();
  return openShell({
    cwd,
    path: [nodes[node]!],
    env: {
      npm_config_registry: registry.url,
      npm_config_cache: cache,
      npm_config_prefer_offline: 'true',
      npm_config_yes: 'true',
      NODE_OPTIONS: `--import=${stub}`,
    },
  });
}

/** Extracts the guide's commands: those that lead to records on screen, and the others. */
function commandsOfGuide(): string[][] {
  return [...guide.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block = '']) => block.trim().split('\n'));
}

describe.each(['24', '22'])('on Node %s', (node) => {
  let shell: Shell;
  beforeAll(async () => {
    shell = await shellWith(node);
  });

  test('the guide leads from nothing to records on screen in five commands', async () => {
    const [first = []] = commandsOfGuide();
    expect(first).toHaveLength(5);
    expect((await shell.run('node --version')).stdout).toMatch(new RegExp(`^v${node}\\.`));
    let shown = '';
    for (const command of first) shown = (await shell.run(command)).stdout;
    expect(shown).toContain(/^```json\n(.*)\n```/m.exec(guide)![1]!);
    expect(shown).toContain('"title":"issue 3"');
  });

  test('its other commands work as well, and so do the types, the build and the package', async () => {
    for (const command of commandsOfGuide().slice(1).flat()) await shell.run(command);
    await shell.run('npm run types && npm run build');
    await shell.run('npm pack --pack-destination ..');
    const archive = (await shell.run('ls "$PWD"/../*.tgz')).stdout.trim();
    await run('publint', ['run', archive, '--strict'], { cwd: root });
    await run('attw', [archive, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'], { cwd: root });
    await shell.run('npm ci');
  });

  test('two copies of the SDK and zod in the tree work too', async () => {
    const folder = (await shell.run('pwd')).stdout.trim();
    const modules = join(folder, 'node_modules');
    for (const name of ['@aries-data/sdk', 'zod']) {
      const copy = join(modules, '@aries-data/cli/node_modules', name);
      await cp(join(modules, name), copy, { recursive: true });
    }
    const extract = commandsOfGuide()[0]![3]!;
    const { stdout } = await shell.run(extract.replace('--run-id first', '--run-id second'));
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!).streams.issues).toMatchObject({ records: 3, rejected: 0 });
    const failed = await shell.run(`${extract.replace('"repo"', '"repos"')}`).catch((error: Error) => error.message);
    expect(failed).toContain('did you mean repo?');
    expect(failed).toContain('ended with 78');
    await shell.run('npx aries test');
    await shell.run('npm test');
  });
});

// On the older Node only; differences between the two are tested above.
test.each([
  ['connector', 'database', '--template database'],
  ['connector', 'file', '--template file'],
  ['connector', 'transform', '--transform'],
  ['connector', 'destination', '--destination'],
  ['pipeline', 'pipeline', ''],
])('a new %s (%s) tells three commands, and they work', async (kind, _, flags) => {
  const own = await shellWith('22');
  const { stdout } = await own.run(`npx @aries-data/cli new ${kind} fresh ${flags}`);
  const result = JSON.parse(stdout.trim().split('\n').at(-1)!);
  expect(result).toMatchObject({ name: 'fresh', lockFile: true });
  expect(result.next).toHaveLength(3);
  for (const command of result.next) await own.run(command);
  if (kind === 'connector') await own.run('npm run types && npm run build');
});
