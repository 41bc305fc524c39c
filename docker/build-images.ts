/** What docker/build does: packs the packages as they are published, and builds the images from nothing else. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { lockedVersions } from './locked-versions.ts';

const HELP = `docker/build [--prefix P] [NAME…] [-- FLAGS]

Builds aries-data, aries-data:core and aries-NAME for each NAME, such as postgres; for all connectors where no name is given,
for none of them with the name base.

  --prefix P  is put before each image's name, such as registry.example.com/team/
  FLAGS       go to docker build, such as --build-arg NODE_IMAGE=mirror.example.com/node:24-bookworm-slim
`;

const root = resolve(import.meta.dirname, '..');
const argv = process.argv.slice(2);
const end = argv.indexOf('--');
const flags = end === -1 ? [] : argv.slice(end + 1);
const { values, positionals } = parseArgs({
  args: end === -1 ? argv : argv.slice(0, end),
  options: { prefix: { type: 'string', default: '' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
});

if (values.help) process.stdout.write(HELP);
else buildAll(values.prefix, positionals.length === 0 ? connectors() : positionals.filter((name) => name !== 'base'));

function buildAll(prefix: string, names: string[]): void {
  for (const name of names) {
    if (!connectors().includes(name)) {
      console.error(`There is no connector "${name}" here; there are ${connectors().join(', ')}.`);
      process.exit(2);
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'aries-images-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  run('pnpm', ['--silent', 'build'], root);
  buildBase(prefix, join(folder, 'base'));
  for (const name of names) buildConnector(prefix, name, join(folder, name));
}

function buildBase(prefix: string, context: string): void {
  mkdirSync(join(context, 'packages'), { recursive: true });
  const packages = ['packages/sdk', 'packages/cli', 'connectors/transforms'].map((path) => {
    const { name } = manifestOf(path);
    return [name, `file:packages/${pack(path, join(context, 'packages'))}`];
  });
  for (const name of ['bin', 'no-connector'])
    cpSync(join(root, 'docker', name), join(context, name), { recursive: true });
  // zod is a peer of the SDK: named here, so that it lies where connectors are given it from.
  const { zod, ...overrides } = lockedVersions(join(root, 'packages/cli'));
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { ...Object.fromEntries(packages), zod },
    overrides,
  };
  writeFileSync(join(context, 'package.json'), JSON.stringify(manifest));
  const labels = [
    '--build-arg',
    `VERSION=${manifestOf('packages/cli').version}`,
    '--build-arg',
    `REVISION=${revision()}`,
  ];
  const build = (...args: string[]) => docker([...args, ...labels, '--file', join(root, 'docker/Dockerfile'), context]);
  build('--target', 'core', '--tag', `${prefix}aries-data:core`);
  build('--tag', `${prefix}aries-data`);
}

function buildConnector(prefix: string, name: string, context: string): void {
  const path = `connectors/${name}`;
  mkdirSync(context);
  const archive = pack(path, context);
  run('tar', ['-xzf', archive, '--strip-components=1'], context);
  rmSync(join(context, archive));
  // FROM aries-data means the one that was just built.
  const file = join(context, 'Dockerfile');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^FROM aries-data$/m, `FROM ${prefix}aries-data`));
  const { version, description } = manifestOf(path);
  const labels = Object.entries({ title: `aries-${name}`, description, version, revision: revision() });
  const labelFlags = labels.flatMap(([key, value]) => ['--label', `org.opencontainers.image.${key}=${value}`]);
  docker(['--tag', `${prefix}aries-${name}`, ...labelFlags, context]);
}

function docker(args: string[]): void {
  run('docker', ['build', ...flags, ...args], root);
}

/** Packs a package into a folder, and returns the name of the archive. */
function pack(path: string, into: string): string {
  const file = `${path.replace('/', '-')}.tgz`;
  run('pnpm', ['--silent', 'pack', '--out', join(into, file)], join(root, path));
  return file;
}

function connectors(): string[] {
  return globSync('connectors/*/Dockerfile', { cwd: root })
    .map((file) => basename(dirname(file)))
    .sort();
}

function manifestOf(path: string): { name: string; version: string; description: string } {
  return JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
}

function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return 'unknown';
  }
}

function run(command: string, args: string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  console.error(`${command} ${args[0]} failed: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
}
