/**
 * The arrows of docs/architecture.md: connectors → sdk, cli → sdk and the built-in transforms; connectors never import
 * each other, nothing imports upwards, and no file of the sdk imports in a circle.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const problems: string[] = [];

for (const folder of [
  'packages/sdk',
  'packages/cli',
  ...readdirSync(join(root, 'connectors')).map((name) => `connectors/${name}`),
  ...['api', 'database', 'file', 'transform', 'destination'].map((name) => `templates/${name}`),
]) {
  const files = sourcesBelow(join(root, folder, 'src'));
  const imports = new Map(files.map((file) => [file, importsOf(file)]));
  for (const [file, specifiers] of imports) {
    for (const specifier of specifiers.all) {
      if (specifier.startsWith('@aries-data/') && !isAllowed(folder, specifier))
        problems.push(`${relative(root, file)} must not import ${specifier}`);
      if (
        specifier.startsWith('.') &&
        relative(join(root, folder), resolve(dirname(file), specifier)).startsWith('..')
      ) {
        problems.push(`${relative(root, file)} reaches out of its package: ${specifier}`);
      }
    }
  }
  problems.push(...circlesIn(imports));
}

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function isAllowed(folder: string, specifier: string): boolean {
  if (specifier === '@aries-data/sdk' || specifier.startsWith('@aries-data/sdk/')) return folder !== 'packages/sdk';
  return folder === 'packages/cli' && specifier.startsWith('@aries-data/transforms');
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(name))
    .map((name) => join(folder, name));
}

/** Specifiers that are imported at run time decide circles; types alone do not. */
function importsOf(file: string): { all: string[]; values: string[] } {
  const text = readFileSync(file, 'utf8');
  const all: string[] = [];
  const values: string[] = [];
  for (const [, typeOnly, names = '', specifier = ''] of text.matchAll(
    /^(?:import|export)(\s+type)?\s+([^'";]*?)\s*from\s+'([^']+)';/gm,
  )) {
    all.push(specifier);
    const named = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
    const onlyTypes = named?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type ')) ?? false;
    if (typeOnly === undefined && !onlyTypes) values.push(specifier);
  }
  for (const [, specifier = ''] of text.matchAll(/\bimport\('([^']+)'\)/g)) all.push(specifier);
  return { all, values };
}

function circlesIn(imports: Map<string, { values: string[] }>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push(`circular import: ${[...path.slice(at), file].map((step) => relative(root, step)).join(' → ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const specifier of imports.get(file)?.values ?? []) {
      if (specifier.startsWith('.')) visit(resolve(dirname(file), specifier), [...path, file]);
    }
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}
