import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type PublicPackage, publicPackages } from './public-packages.ts';

/** A packed package, as npm would serve it. */
export interface Archive extends PublicPackage {
  /** The path of the tarball. */
  file: string;
}

/** Builds all public packages, and packs them into a folder. */
export function buildAndPack(root: string, into: string): Archive[] {
  execFileSync('pnpm', ['--silent', 'build'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  return publicPackages(root).map((one) => ({ ...one, file: join(into, pack(join(root, one.folder), into)) }));
}

/** Packs a package that has been built; returns the name of the tarball, such as `aries-data-sdk-1.2.3.tgz`. */
export function pack(folder: string, into: string): string {
  const args = ['--silent', 'pack', '--json', '--pack-destination', into];
  const packed = JSON.parse(
    execFileSync('pnpm', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as { filename: string };
  return packed.filename.slice(packed.filename.lastIndexOf('/') + 1);
}
