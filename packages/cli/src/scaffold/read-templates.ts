import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** The files that `aries new` copies, by template and path, and the versions of the packages that they name. */
export interface Templates {
  texts: Record<string, Record<string, string>>;
  versions: Record<string, string>;
}

/** Reads `templates/` of the repository, and the versions of its catalog and packages. */
export function readTemplates(root: string): Templates {
  const folder = join(root, 'templates');
  const texts = Object.fromEntries(readdirSync(folder).map((name) => [name, textsIn(join(folder, name))]));
  const { catalog } = parse(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8')) as {
    catalog: Record<string, string>;
  };
  return { texts, versions: { ...catalog, ...ownVersions(root) } };
}

function ownVersions(root: string): Record<string, string> {
  return Object.fromEntries(
    globSync(['packages/*/package.json', 'connectors/*/package.json'], { cwd: root }).map((file) => {
      const { name, version } = JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<
        'name' | 'version',
        string
      >;
      return [name, `^${version}`];
    }),
  );
}

const NOT_COPIED = new Set(['node_modules', 'dist', '.aries']);

function textsIn(folder: string, prefix = ''): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) texts[prefix + entry.name] = readFileSync(path, 'utf8');
    else if (!NOT_COPIED.has(entry.name)) Object.assign(texts, textsIn(path, `${prefix}${entry.name}/`));
  }
  return texts;
}
