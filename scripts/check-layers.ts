/**
 * Checks the structure that docs/architecture.md describes: which package may import which, which folder of the engine may import
 * which, no circles, and a small sdk. Imports of types count like all others.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const problems: string[] = [];

/** The packages that each package may import. */
const PACKAGES: Record<string, readonly string[]> = {
  sdk: [],
  formats: ['sdk'],
  stores: ['sdk'],
  engine: ['formats', 'stores', 'sdk'],
  sql: ['formats', 'sdk'],
  rest: ['formats', 'sdk'],
  testing: ['engine', 'formats', 'stores', 'sdk'],
  cli: ['testing', 'engine', 'formats', 'stores', 'sdk', 'transforms'],
};
/** What a connector may import. Its tests may use the engine and the test kit as well. */
const CONNECTOR = ['sql', 'rest', 'formats', 'stores', 'sdk'];

/** The folders that each folder of the engine may import. */
const ENGINE: Record<string, readonly string[]> = {
  redact: [],
  config: ['redact'],
  http: ['redact'],
  dataset: [],
  rules: ['dataset'],
  step: ['config', 'http', 'redact', 'dataset', 'rules'],
  transform: ['step', 'config', 'dataset'],
  extract: ['transform', 'step', 'config', 'dataset', 'rules'],
  load: ['step', 'config', 'dataset', 'rules'],
  state: ['load', 'step', 'rules'],
  house: ['step', 'dataset'],
  pipeline: ['house', 'extract', 'transform', 'load', 'step', 'config', 'redact', 'dataset', 'rules'],
};

/** The limits for the sdk, because an author has to read all of it. */
const SDK_LIMITS = { lines: 2800, names: 100 };

interface Import {
  file: string;
  specifier: string;
}

const templates = ['api', 'database', 'file', 'transform', 'destination'];
for (const folder of [
  ...Object.keys(PACKAGES).map((name) => `packages/${name}`),
  ...readdirSync(join(root, 'connectors')).map((name) => `connectors/${name}`),
  ...templates.map((name) => `templates/${name}`),
]) {
  const source = join(root, folder, 'src');
  const imports = sourcesBelow(source).flatMap(importsOf);
  for (const one of imports) {
    problems.push(...acrossPackages(folder, one));
    if (folder === 'packages/engine') problems.push(...acrossFolders(source, one));
  }
  problems.push(...circlesIn(imports));
}
problems.push(...sdkProblems());

for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;

function acrossPackages(folder: string, { file, specifier }: Import): string[] {
  const at = relative(root, file);
  if (specifier.startsWith('.')) {
    const inside = !relative(join(root, folder), resolve(dirname(file), specifier)).startsWith('..');
    return inside ? [] : [`${at} reaches out of its package: ${specifier}`];
  }
  const [, name, entry] = /^@aries-data\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
  if (name === undefined) return [];
  const own = /^packages\/(.+)$/.exec(folder)?.[1];
  const allowed = own === undefined ? CONNECTOR : PACKAGES[own]!;
  if (!allowed.includes(name)) return [`${at} must not import ${specifier}`];
  // Connectors may import only public entry points.
  return own === undefined && entry === 'internal'
    ? [`${at} must not import ${specifier}, which may change at any time`]
    : [];
}

function acrossFolders(source: string, { file, specifier }: Import): string[] {
  if (!specifier.startsWith('.')) return [];
  const folderOf = (path: string): string => relative(source, path).split(sep)[0]!;
  const [from, to] = [folderOf(file), folderOf(resolve(dirname(file), specifier))];
  if (from === to || dirname(file) === source || ENGINE[from]?.includes(to)) return [];
  return [`${relative(root, file)} must not import from ${to}/: ${specifier}`];
}

function sourcesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/\.test(-d)?\.ts$/.test(name))
    .filter((name) => !/(?:^|\/)testing(?:\/|\.ts$)/.test(name))
    .map((name) => join(folder, name));
}

function importsOf(file: string): Import[] {
  // Leave out imports in examples of comments.
  const text = readFileSync(file, 'utf8').replace(/^\s*(?:\/\*\*|\*).*$/gm, '');
  const found = [
    ...text.matchAll(/^(?:import|export)\s+[^'";]*?\s*from\s+'([^']+)';/gm),
    ...text.matchAll(/\bimport\('([^']+)'\)/g),
  ];
  return found.map(([, specifier = '']) => ({ file, specifier }));
}

function circlesIn(imports: readonly Import[]): string[] {
  const targets = Map.groupBy(
    imports.filter(({ specifier }) => specifier.startsWith('.')),
    ({ file }) => file,
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.push(`circular import: ${[...path.slice(at), file].map((step) => relative(root, step)).join(' → ')}`);
      return;
    }
    if (done.has(file)) return;
    for (const { specifier } of targets.get(file) ?? []) visit(resolve(dirname(file), specifier), [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
}

function sdkProblems(): string[] {
  const folder = join(root, 'packages/sdk');
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'peerDependencies', Record<string, string> | undefined>;
  const lines = sourcesBelow(join(folder, 'src')).reduce(
    (sum, file) => sum + readFileSync(file, 'utf8').split('\n').length - 1,
    0,
  );
  const names = Array.from(
    readFileSync(join(folder, 'src/index.ts'), 'utf8').matchAll(/\{([^}]*)\}/g),
    ([, list = '']) => list.split(',').filter((name) => name.trim() !== '').length,
  ).reduce((sum, count) => sum + count, 0);
  const others = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => name !== 'zod');
  return [
    ...(lines > SDK_LIMITS.lines ? [`packages/sdk has ${lines} lines, at most ${SDK_LIMITS.lines} are allowed`] : []),
    ...(names > SDK_LIMITS.names
      ? [`packages/sdk exports ${names} names, at most ${SDK_LIMITS.names} are allowed`]
      : []),
    ...others.map((name) => `packages/sdk depends on ${name}; only zod is allowed`),
  ];
}
