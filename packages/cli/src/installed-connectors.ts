import { readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { nearest } from '@aries-data/sdk';
import { readPackageJson, shortName, subpathsOf } from './package-json.ts';

/** Returns the short names of all connectors and built-in transforms that can be imported from these folders. */
export function connectorsAt(folders: readonly string[]): string[] {
  const names = new Set<string>();
  for (const modules of folders.flatMap(nodeModulesAbove)) {
    for (const entry of [
      ...list(modules),
      ...list(join(modules, '@aries-data')).map((name) => `@aries-data/${name}`),
    ]) {
      if (entry === '@aries-data/transforms') for (const name of transformsIn(join(modules, entry))) names.add(name);
      if (shortName(entry) !== entry) names.add(shortName(entry));
    }
  }
  return [...names].sort();
}

/** Returns the known names that a misspelt name may stand for. */
export function suggest(use: string, known: readonly string[]): string[] {
  return nearest(shortName(use), known);
}

/** Returns the files whose names are close to that of a path that does not exist. */
export function nearestFiles(path: string): string[] {
  const folder = dirname(path);
  return nearest(basename(path), list(folder)).map((name) => `./${relative(process.cwd(), join(folder, name))}`);
}

function transformsIn(folder: string): string[] {
  try {
    return subpathsOf(readPackageJson(join(folder, 'package.json')));
  } catch {
    return [];
  }
}

function nodeModulesAbove(folder: string): string[] {
  const above = dirname(folder);
  return [join(folder, 'node_modules'), ...(above === folder ? [] : nodeModulesAbove(above))];
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
