import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AriesError } from '@aries-data/sdk';

/** The members of a package.json that are needed to find a connector. */
export interface PackageJson {
  name?: string;
  version?: string;
  keywords?: string[];
  main?: string;
  exports?: unknown;
}

/** Reads a package.json. Throws `CONNECTOR_INVALID` if it is not JSON. */
export function readPackageJson(file: string): PackageJson {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as PackageJson;
  } catch (cause) {
    throw new AriesError('CONNECTOR_INVALID', `${file} cannot be read as JSON`, { cause, hint: 'Correct the file.' });
  }
}

/** Finds the package.json of a folder, or of the nearest folder above that has one. */
export function nearestPackageJson(folder: string): string | undefined {
  const file = join(folder, 'package.json');
  if (existsSync(file)) return file;
  return dirname(folder) === folder ? undefined : nearestPackageJson(dirname(folder));
}

/** Returns true if a package declares that it is a connector. */
export function isConnectorPackage(manifest: PackageJson): boolean {
  return manifest.keywords?.includes('aries-connector') === true;
}

/** Returns the name that people use: without `@aries-data/connector-` or `aries-connector-`. */
export function shortName(packageName: string): string {
  return packageName.replace(/^@aries-data\/connector-|^aries-connector-/, '');
}

const CONDITIONS = new Set(['node', 'import', 'module-sync', 'default']);

/**
 * Returns the file that a package exports as `.` or `./name`, by the rules of Node's resolver for `import`.
 * https://nodejs.org/api/esm.html#resolution-algorithm-specification
 */
export function entryOf(manifest: PackageJson, subpath: string): string | undefined {
  const { exports } = manifest;
  if (exports === undefined || exports === null) return subpath === '.' ? (manifest.main ?? './index.js') : undefined;
  const isTable =
    typeof exports === 'object' && !Array.isArray(exports) && Object.keys(exports).some((key) => key.startsWith('.'));
  if (!isTable) return subpath === '.' ? targetOf(exports) : undefined;
  return Object.hasOwn(exports, subpath) ? targetOf((exports as Record<string, unknown>)[subpath]) : undefined;
}

/** Returns the source file that a connector's package exports under the condition `aries-source`: it runs during development. */
export function sourcesOf({ exports }: PackageJson): string | undefined {
  const main = (exports as Record<string, unknown> | null | undefined)?.['.'] ?? exports;
  const sources = (main as Record<string, unknown> | null | undefined)?.['aries-source'];
  return typeof sources === 'string' ? sources : undefined;
}

/** Returns the subpaths that a package exports: `./select` gives `select`. */
export function subpathsOf({ exports }: PackageJson): string[] {
  if (typeof exports !== 'object' || exports === null) return [];
  return Object.keys(exports).flatMap((key) => /^\.\/([\w-]+)$/.exec(key)?.[1] ?? []);
}

function targetOf(target: unknown): string | undefined {
  if (typeof target === 'string') return target;
  if (Array.isArray(target)) return target.map(targetOf).find((found) => found !== undefined);
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, value] of Object.entries(target)) {
    const found = CONDITIONS.has(condition) ? targetOf(value) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
