#!/usr/bin/env -S NODE_DISABLE_COMPILE_CACHE=1 node
/**
 * Installs the connector in the current folder while its image is built: the production packages of its lock file, without what
 * the base image already has. Then loads it once, so that a broken connector fails the build and not the first run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

type Versions = Record<string, string>;

interface Manifest {
  name?: string;
  version?: string;
  keywords?: string[];
  packageManager?: string;
  scripts?: Record<string, string>;
  dependencies?: Versions;
  optionalDependencies?: Versions;
  peerDependencies?: Versions;
  devDependencies?: Versions;
}

/** The user that runs the connector; root only builds it. */
const USER = 1000;
const CACHE = '/tmp/aries-install';
const PNPM = 'pnpm@12';

const manifestText = readFileSync('package.json', 'utf8');
const manifest = JSON.parse(manifestText) as Manifest;
if (manifest.name === 'no-connector')
  fail('The build context has no package.json. Run docker build in the folder of the connector, or COPY it first.');
rmSync('no-connector.js', { force: true });
refuseWorkspaceVersions(manifest);
if (existsSync('node_modules')) {
  warn('The build context contains node_modules, which is replaced. Add it to .dockerignore.');
  rmSync('node_modules', { recursive: true });
}

const locked = ['package-lock.json', 'npm-shrinkwrap.json'].some((file) => existsSync(file));
const lockedByPnpm = !locked && existsSync('pnpm-lock.yaml');
const wanted = withoutWhatTheBaseHas(manifest);
// While npm or pnpm runs, package.json lists only what this image lacks.
writeFileSync('package.json', JSON.stringify(wanted));
const npm = installation(wanted);
if (npm !== undefined) run('npm', npm);
writeFileSync('package.json', manifestText);
rmSync(CACHE, { recursive: true, force: true });
if (manifest.keywords?.includes('aries-connector')) load();

/** Returns npm's arguments for the installation; undefined if there is nothing to install. */
function installation(wanted: Manifest): string[] | undefined {
  const npm = ['--no-audit', '--no-fund', '--loglevel=error', '--update-notifier=false', `--cache=${CACHE}/npm`];
  if (locked) return ['ci', '--omit=dev', ...npm];
  if (lockedByPnpm) {
    const pnpm = manifest.packageManager?.startsWith('pnpm@') ? manifest.packageManager.replace(/\+.*/, '') : PNPM;
    const flags = ['--prod', '--frozen-lockfile', `--store-dir=${CACHE}/store`, `--config.cache-dir=${CACHE}/pnpm`];
    return ['exec', '--yes', ...npm, '--', pnpm, 'install', ...flags];
  }
  const names = Object.keys({ ...wanted.dependencies, ...wanted.optionalDependencies, ...wanted.peerDependencies });
  if (names.length === 0) return undefined;
  warn(
    `No package-lock.json or pnpm-lock.yaml: installing the newest versions that package.json allows (${names.join(', ')}).`,
  );
  return ['install', '--omit=dev', '--no-package-lock', ...npm];
}

/**
 * Removes what the base image provides. The SDK and zod come from the base if it has a version that the connector allows, so the
 * image stays small and the engine and the connector share their modules. `prepare` needs development tools, which are not installed.
 */
function withoutWhatTheBaseHas({ scripts, peerDependencies = {}, devDependencies = {}, ...rest }: Manifest): Manifest {
  const { prepare: _, ...otherScripts } = scripts ?? {};
  const lacking = Object.entries(peerDependencies).filter(([name, range]) => !baseHas(name, range));
  return {
    ...rest,
    scripts: otherScripts,
    // pnpm compares these with its lock file.
    peerDependencies: lockedByPnpm ? peerDependencies : Object.fromEntries(lacking),
    // Unlike npm ci, npm install would look them up.
    devDependencies: locked || lockedByPnpm ? devDependencies : {},
  };
}

function baseHas(name: string, range: string): boolean {
  const file = join('/aries/node_modules', name, 'package.json');
  if (!existsSync(file)) return false;
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  const npm = join(dirname(process.execPath), '../lib/node_modules/npm/package.json');
  const semver = createRequire(npm)('semver') as { satisfies(version: string, range: string): boolean };
  return semver.satisfies(version, range);
}

function refuseWorkspaceVersions({ dependencies, optionalDependencies }: Manifest): void {
  for (const [name, range] of Object.entries({ ...dependencies, ...optionalDependencies })) {
    if (/^(?:workspace|catalog):/.test(range))
      fail(
        `package.json depends on ${name} ${range}, which exists only in its workspace. Build from the packed package: pnpm pack.`,
      );
  }
}

/** Loads the connector as the user that will run it, which also fills that user's compile cache. */
function load(): void {
  const { NODE_DISABLE_COMPILE_CACHE: _, ...env } = process.env;
  const options = { uid: USER, gid: USER, env: { ...env, HOME: '/tmp' } };
  const { status, stdout, stderr } = spawnSync('aries', ['spec'], { encoding: 'utf8', ...options });
  if (status !== 0) fail(`The connector cannot be loaded.\n${stderr}${stdout}`);
}

function run(command: string, args: string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) fail(`${command} ${args[0]} failed (${error?.message ?? `exit code ${status}`}).`);
}

function warn(message: string): void {
  process.stderr.write(`aries: ${message}\n`);
}

function fail(message: string): never {
  warn(message);
  process.exit(1);
}
