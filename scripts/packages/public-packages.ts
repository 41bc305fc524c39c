import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** A package of this repository that is published. */
export interface PublicPackage {
  name: string;
  version: string;
  /** Relative to the root of the repository, such as `packages/cli`. */
  folder: string;
  /** True for a package that is only run as a command, never imported. */
  isCommand: boolean;
  /** The packages of this repository that an installation brings. */
  needs: string[];
  /** The URL of its repository, which npm compares with where a package is published from. */
  repository: string | undefined;
}

/** Lists the packages of the workspace that are published, by folder. */
export function publicPackages(root: string): PublicPackage[] {
  const { packages: globs } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as { packages: string[] };
  return globSync(
    globs.map((glob) => `${glob}/package.json`),
    { cwd: root },
  )
    .sort()
    .flatMap((file) => {
      const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest;
      if (manifest.private === true) return [];
      const { name, version, bin, dependencies = {}, repository } = manifest;
      const needs = Object.keys(dependencies).filter((one) => dependencies[one]!.startsWith('workspace:'));
      return [
        { name, version, folder: dirname(file), isCommand: bin !== undefined, needs, repository: repository?.url },
      ];
    });
}

/** Selects a package and all packages of this repository that an installation of it brings. */
export function withNeeds(packages: readonly PublicPackage[], name: string): PublicPackage[] {
  const needed = new Set<string>();
  const add = (each: string): void => {
    if (needed.has(each)) return;
    needed.add(each);
    packages.find((one) => one.name === each)?.needs.forEach(add);
  };
  add(name);
  return packages.filter((one) => needed.has(one.name));
}

interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  bin?: object;
  dependencies?: Record<string, string>;
  repository?: { url: string };
}
