import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Where the files of `aries new` go. */
export interface Place {
  /** The folder, absolute. */
  folder: string;
  /** The folder relative to the current one. */
  shown: string;
  /** The root of the repository of Aries, if the place is inside it. */
  repository: string | undefined;
}

/** Chooses the folder: inside the repository of Aries that of its kind, elsewhere one below the current folder. */
export function placeFor(kind: 'connectors' | 'examples', name: string, from: string): Place {
  const repository = repositoryAround(from);
  const folder = repository === undefined ? join(from, name) : join(repository, kind, name);
  return { folder, shown: relative(from, folder), repository };
}

function repositoryAround(folder: string): string | undefined {
  const manifest = join(folder, 'package.json');
  if (existsSync(join(folder, 'pnpm-workspace.yaml')) && existsSync(manifest)) {
    const { name } = JSON.parse(readFileSync(manifest, 'utf8')) as { name?: string };
    if (name === 'aries-workspace') return folder;
  }
  return dirname(folder) === folder ? undefined : repositoryAround(dirname(folder));
}
