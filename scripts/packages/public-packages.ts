import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** A package of this repository that is published. */
export interface PublicPackage {
  name: string;
  version: string;
  /** Relative to the root of the repository, such as `packages/cli`. */
  folder: string;
  /** True for a package that is run as a command, and imported by nobody. */
  isCommand: boolean;
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
      const { name, version, bin } = manifest;
      return [{ name, version, folder: dirname(file), isCommand: bin !== undefined }];
    });
}

interface Manifest {
  name: string;
  version: string;
  private?: boolean;
  bin?: object;
}
