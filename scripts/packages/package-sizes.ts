import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Archive } from './archives.ts';

/** The sizes of a package, in bytes. */
export interface PackageSize {
  /** The tarball, which users download. */
  packed: number;
  /** The files in it. */
  unpacked: number;
  /** The number of other packages that are installed with it. Peer dependencies do not count, because they are already installed. */
  dependencies: number;
  /** The files of the package and of its dependencies. */
  installed: number;
}

/** Measures packages that are packed, with the dependencies that lie in this clone's `node_modules`. */
export function packageSizes(root: string, archives: readonly Archive[]): Record<string, PackageSize> {
  const unpacked = new Map(archives.map((one) => [realpathSync(join(root, one.folder)), unpackedSize(one.file)]));
  return Object.fromEntries(
    archives.map((one) => {
      const folder = realpathSync(join(root, one.folder));
      const folders = [...dependencyFolders(folder)];
      const installed = folders.reduce((sum, each) => sum + (unpacked.get(each) ?? sizeOf(each)), 0);
      const size: PackageSize = {
        packed: statSync(one.file).size,
        unpacked: unpacked.get(folder)!,
        dependencies: folders.length - 1,
        installed,
      };
      return [one.name, size];
    }),
  );
}

function unpackedSize(file: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'aries-unpacked-'));
  try {
    execFileSync('tar', ['-xzf', file, '-C', folder]);
    return sizeOf(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The folders of a package and of all packages that it needs. Optional ones that this platform lacks are left out. */
function dependencyFolders(folder: string, found = new Set<string>()): Set<string> {
  if (found.has(folder)) return found;
  found.add(folder);
  const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies?: object;
    optionalDependencies?: object;
  };
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const dependency = resolvePackage(folder, name);
    if (dependency !== undefined) dependencyFolders(dependency, found);
    else if (!Object.hasOwn(optionalDependencies ?? {}, name))
      throw new Error(`${folder} needs ${name}, which is not installed. Run npx --yes pnpm@12 install.`);
  }
  return found;
}

/** Looks for a package as Node does: in each `node_modules` from a folder upwards. */
function resolvePackage(from: string, name: string): string | undefined {
  const candidate = join(from, 'node_modules', name);
  if (existsSync(candidate)) return realpathSync(candidate);
  return dirname(from) === from ? undefined : resolvePackage(dirname(from), name);
}

/** Adds up the files of a folder, without those of other packages in it. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === 'node_modules') return sum;
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? sizeOf(path) : lstatSync(path).size);
  }, 0);
}
