/** Runs docker/build: packs the packages as for publishing, and builds the images from these archives only. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pack } from '../scripts/packages/archives.ts';
import { writeBillsOfMaterials } from '../scripts/packages/bills-of-materials.ts';
import { publicPackages, withNeeds } from '../scripts/packages/public-packages.ts';
import { imageLabels, originOf } from './image-labels.ts';
import { connectorNames, imageNames } from './image-names.ts';
import { lockedVersions } from './locked-versions.ts';

const HELP = `docker/build [--prefix P] [--tag T] [NAME…] [-- FLAGS]

Builds aries-data, aries-data:core and aries-NAME for each NAME, such as postgres; all connectors if no name is given,
only the base images with the name "base".

  --prefix P  is added before each image's name, for example registry.example.com/team/
  --tag T     is the tag of all images, instead of latest; aries-data:core becomes aries-data:T-core
  FLAGS       are passed to docker build, for example --build-arg NODE_IMAGE=mirror.example.com/node:24-bookworm-slim
`;

const root = resolve(import.meta.dirname, '..');
const argv = process.argv.slice(2);
const end = argv.indexOf('--');
const flags = end === -1 ? [] : argv.slice(end + 1);
const { values, positionals } = parseArgs({
  args: end === -1 ? argv : argv.slice(0, end),
  options: {
    prefix: { type: 'string', default: '' },
    tag: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
  allowPositionals: true,
});
const connectors = connectorNames(root);
const packages = publicPackages(root);
const origin = originOf(root);
const images = imageNames(values.prefix, values.tag);

if (values.help) process.stdout.write(HELP);
else await buildAll(positionals.length === 0 ? connectors : positionals.filter((name) => name !== 'base'));

async function buildAll(names: string[]): Promise<void> {
  for (const name of names) {
    if (!connectors.includes(name)) {
      console.error(`There is no connector "${name}" here; there are ${connectors.join(', ')}.`);
      process.exit(2);
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'aries-images-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  run('pnpm', ['--silent', 'build'], root);
  await buildBase(join(folder, 'base'));
  for (const name of names) buildConnector(name, join(folder, name));
}

async function buildBase(context: string): Promise<void> {
  mkdirSync(join(context, 'packages'), { recursive: true });
  const needed = withNeeds(packages, '@aries-data/cli');
  const command = needed.filter(({ isCommand }) => isCommand);
  const archives = needed.map(({ name, folder }) => {
    return [name, `file:packages/${pack(join(root, folder), join(context, 'packages'))}`];
  });
  for (const name of ['bin', 'no-connector'])
    cpSync(join(root, 'docker', name), join(context, name), { recursive: true });
  // zod is a peer of the SDK. It is listed here to be installed at the top level, from where connectors get it.
  const { zod, ...overrides } = lockedVersions(join(root, 'packages/cli'));
  const manifest = {
    private: true,
    type: 'module',
    dependencies: { ...Object.fromEntries(archives), zod },
    overrides,
  };
  writeFileSync(join(context, 'package.json'), JSON.stringify(manifest));
  const [bill = ''] = await writeBillsOfMaterials(root, command, context);
  renameSync(join(context, bill), join(context, 'sbom.cdx.json'));
  const labels = labelsFor(
    'aries-data',
    'packages/cli',
    "The aries command and its SDK: the base of connectors' images",
  );
  const build = (...args: string[]) => docker([...args, ...labels, '--file', join(root, 'docker/Dockerfile'), context]);
  build('--target', 'core', '--tag', images.core);
  build('--tag', images.base);
}

function buildConnector(name: string, context: string): void {
  const path = `connectors/${name}`;
  mkdirSync(context);
  const archive = pack(join(root, path), context);
  run('tar', ['-xzf', archive, '--strip-components=1'], context);
  rmSync(join(context, archive));
  // Makes FROM aries-data mean the image that was just built.
  const file = join(context, 'Dockerfile');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^FROM aries-data$/m, `FROM ${images.base}`));
  docker(['--tag', images.connector(name), ...labelsFor(`aries-${name}`, path), context]);
}

function labelsFor(title: string, path: string, description?: string): string[] {
  const manifest = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'));
  const labels = imageLabels({ ...manifest, title, description: description ?? manifest.description }, origin);
  return Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]);
}

function docker(args: string[]): void {
  run('docker', ['build', ...flags, ...args], root);
}

function run(command: string, args: string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status === 0) return;
  console.error(`${command} ${args[0]} failed: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
}
