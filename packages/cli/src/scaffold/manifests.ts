import type { Templates } from './read-templates.ts';

/** The members of a package.json that are changed here. */
export interface Manifest {
  name: string;
  private?: boolean;
  exports?: unknown;
  publishConfig?: unknown;
  files?: string[];
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** Turns the manifest of a template into that of a standalone package: npm has no catalog, and no `publishConfig` that replaces `exports`. */
export function standaloneConnector(manifest: Manifest, versions: Templates['versions']): Manifest {
  const { publishConfig: _, private: __, ...rest } = manifest;
  return withVersions(
    {
      ...rest,
      // `aries` runs the sources during development, and the build where the package is installed.
      exports: {
        '.': { types: './dist/index.d.ts', 'aries-source': './src/index.ts', default: './dist/index.js' },
      },
      files: ['dist', 'src', '!src/**/*.test.ts'],
      scripts: {
        test: 'vitest run',
        types: 'tsc',
        build: 'tsc -p tsconfig.build.json',
        prepack: 'npm run build',
      },
      devDependencies: sorted({
        ...manifest.devDependencies,
        '@aries-data/cli': 'workspace:^',
        '@types/node': 'catalog:',
        typescript: 'catalog:',
        vitest: 'catalog:',
      }),
    },
    versions,
  );
}

/** Replaces `catalog:` and `workspace:`, which only work in this repository, by versions. */
export function withVersions(manifest: Manifest, versions: Templates['versions']): Manifest {
  const resolved = { ...manifest };
  for (const kind of ['dependencies', 'peerDependencies', 'devDependencies'] as const) {
    const wanted = manifest[kind];
    if (wanted === undefined) continue;
    resolved[kind] = Object.fromEntries(
      Object.entries(wanted).map(([name, range]) => {
        const isOurs = range === 'catalog:' || range.startsWith('workspace:');
        return [name, isOurs ? versions[name]! : range];
      }),
    );
  }
  return resolved;
}

function sorted(entries: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
