import { execFileSync } from 'node:child_process';

interface Listed {
  version: string;
  dependencies?: Record<string, Listed>;
}

/**
 * Returns the version in pnpm-lock.yaml of each dependency of a package, so that the image contains what was tested.
 * Packages of the workspace are left out, and so are packages with more than one version.
 */
export function lockedVersions(folder: string): Record<string, string> {
  const args = ['list', '--prod', '--depth', 'Infinity', '--json'];
  const listed = JSON.parse(
    execFileSync('pnpm', args, { cwd: folder, encoding: 'utf8', maxBuffer: 256 << 20 }),
  ) as Listed[];
  const versions = new Map<string, Set<string>>();
  const collect = ({ dependencies = {} }: Listed): void => {
    for (const [name, dependency] of Object.entries(dependencies)) {
      if (!dependency.version.startsWith('link:'))
        versions.set(name, (versions.get(name) ?? new Set()).add(dependency.version));
      collect(dependency);
    }
  };
  listed.forEach(collect);
  return Object.fromEntries(
    [...versions].flatMap(([name, found]) => (found.size === 1 ? [[name, [...found][0]!]] : [])),
  );
}
