import { existsSync, statSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { AriesError } from '@aries-data/sdk';
import { connectorsAt, nearestFiles, suggest } from './installed-connectors.ts';
import {
  entryOf,
  isConnectorPackage,
  nearestPackageJson,
  type PackageJson,
  readPackageJson,
  shortName,
  sourcesOf,
} from './package-json.ts';

/** File, name and version of a connector. */
export interface ResolvedConnector {
  file: string;
  name: string;
  version: string;
}

const CLI = fileURLToPath(import.meta.url);

/**
 * Finds the connector that CONNECTOR or `use:` names: a path, a package, or a short name. Packages are looked up from a folder, then
 * from where Aries is installed. Without a name, it is the connector in whose folder the command runs. Throws `CONNECTOR_NOT_FOUND`
 * with similar names.
 */
export function resolveConnector(use: string | undefined, from: string): ResolvedConnector {
  if (use === undefined) return ownConnector(from);
  if (isPath(use)) return connectorAtPath(use.startsWith('file:') ? fileURLToPath(use) : resolve(from, use), use);
  const bases = [join(from, 'noop.js'), CLI];
  for (const find of [builtInTransform, installedPackage]) {
    for (const base of bases) {
      const found = find(use, base);
      if (found !== undefined) return found;
    }
  }
  throw notFound(use, from);
}

function isPath(use: string): boolean {
  return /^(?:\.{1,2}$|\.{0,2}[/\\]|[a-z]:[/\\]|file:)/i.test(use) || /\.[cm]?[jt]s$/.test(use);
}

function ownConnector(from: string): ResolvedConnector {
  const file = nearestPackageJson(from);
  const manifest = file === undefined ? undefined : readPackageJson(file);
  if (file !== undefined && manifest !== undefined && isConnectorPackage(manifest))
    return connectorOfPackage(file, manifest);
  throw new AriesError('USAGE', 'No connector was given, and this folder is not one', {
    hint: 'Name one, such as postgres or ./connector.ts, or run this in a folder whose package.json has the keyword "aries-connector".',
  });
}

function connectorAtPath(path: string, use: string): ResolvedConnector {
  if (!existsSync(path)) {
    const near = nearestFiles(path);
    throw new AriesError('CONNECTOR_NOT_FOUND', `There is no connector at ${use}`, {
      hint:
        near.length > 0
          ? `Did you mean ${near.join(' or ')}?`
          : 'Correct the path. It is relative to the current folder, or in a pipeline to the folder of its file.',
    });
  }
  if (statSync(path).isDirectory()) {
    const file = join(path, 'package.json');
    if (existsSync(file)) return connectorOfPackage(file, readPackageJson(file));
    throw new AriesError('CONNECTOR_NOT_FOUND', `The folder ${use} has no package.json`, {
      hint: 'Name the file of the connector, such as ./connector.ts.',
    });
  }
  const manifestFile = nearestPackageJson(dirname(path));
  const manifest = manifestFile === undefined ? undefined : readPackageJson(manifestFile);
  // A file of a connector's package is that connector; any other file is a connector of its own.
  if (manifest !== undefined && isConnectorPackage(manifest)) return { file: path, ...identityOf(manifest) };
  return { file: path, name: basename(path, extname(path)), version: '0.0.0' };
}

function builtInTransform(use: string, base: string): ResolvedConnector | undefined {
  const file = packageJsonOf('@aries-data/transforms', base);
  if (file === undefined) return undefined;
  const manifest = readPackageJson(file);
  const entry = entryOf(manifest, `./${use}`);
  return entry === undefined
    ? undefined
    : { file: join(dirname(file), entry), name: use, version: manifest.version ?? '0.0.0' };
}

function installedPackage(use: string, base: string): ResolvedConnector | undefined {
  const short = /^[\w.-]+$/.test(use) ? [`@aries-data/connector-${use}`, `aries-connector-${use}`] : [];
  for (const specifier of [...short, use]) {
    const file = packageJsonOf(specifier, base);
    if (file === undefined) continue;
    const manifest = readPackageJson(file);
    // A package that only has the name of a system (pg, redis) is not a connector.
    if (specifier === use && short.length > 0 && !isConnectorPackage(manifest)) continue;
    return connectorOfPackage(file, manifest);
  }
  return undefined;
}

function connectorOfPackage(file: string, manifest: PackageJson): ResolvedConnector {
  const sources = sourcesOf(manifest);
  // An installed package can only run what was built: Node does not strip types below node_modules.
  if (sources !== undefined && !file.includes(`${sep}node_modules${sep}`) && existsSync(join(dirname(file), sources)))
    return { file: join(dirname(file), sources), ...identityOf(manifest) };
  const entry = entryOf(manifest, '.');
  if (entry !== undefined) return { file: join(dirname(file), entry), ...identityOf(manifest) };
  throw new AriesError('CONNECTOR_INVALID', `${file} exports no file to load`, {
    hint: 'Set "exports" to the file that exports the connector.',
  });
}

function identityOf(manifest: PackageJson): { name: string; version: string } {
  return { name: shortName(manifest.name ?? 'connector'), version: manifest.version ?? '0.0.0' };
}

function packageJsonOf(specifier: string, base: string): string | undefined {
  try {
    return findPackageJSON(specifier, pathToFileURL(base));
  } catch {
    return undefined;
  }
}

function notFound(use: string, from: string): AriesError {
  const known = connectorsAt([from, dirname(CLI)]);
  const near = suggest(use, known);
  const install = /^[\w-]+$/.test(use) ? `@aries-data/connector-${use}` : use;
  return new AriesError('CONNECTOR_NOT_FOUND', `There is no connector "${use}"`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `Installed connectors: ${known.join(', ') || 'none'}. To install another: npm install ${install}`,
  });
}
