import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { parse } from 'yaml';
import type { Templates } from './templates.ts';

/** Reads `templates/` of the repository, and the versions of its catalog and packages. */
export function readTemplates(root: string): Templates {
  const folder = join(root, 'templates');
  const texts = Object.fromEntries(readdirSync(folder).map((name) => [name, textsIn(join(folder, name))]));
  const { catalog } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
    catalog: Record<string, string>;
  };
  const { version } = JSON.parse(readFileSync(join(root, 'packages/sdk/package.json'), 'utf8')) as { version: string };
  // All packages of Aries have one version: .changeset/config.json.
  return { texts, versions: { ...catalog, '@aries-data': `^${version}` } };
}

function textsIn(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !/^(?:node_modules|dist|\.aries)[\\/]/.test(path))
    .sort();
  return Object.fromEntries(files.map((path) => [path.replaceAll(sep, '/'), readFileSync(join(folder, path), 'utf8')]));
}
