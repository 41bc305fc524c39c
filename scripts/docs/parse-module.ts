import { posix } from 'node:path';
import { type Node, parseSync } from 'oxc-parser';

/** The origin of a name in a module: another file (its path in `src`), or this one if `file` is undefined. */
export interface NameOrigin {
  file?: string;
  name: string;
}

/** One statement of a declaration file: a function overload, an interface, a type, a class or a constant. */
export interface Declared {
  kind: 'function' | 'class' | 'value' | 'type';
  /** The text without `export`, `declare` and the comment before it. */
  text: string;
  /** The doc comment before it, without stars; empty if there is none. */
  comment: string;
  /** The names of the types and values that it mentions. */
  mentions: Set<string>;
}

export interface Module {
  declared: Map<string, Declared[]>;
  imported: Map<string, NameOrigin>;
  exported: Map<string, NameOrigin>;
}

const KINDS: Partial<Record<Node['type'], Declared['kind']>> = {
  TSDeclareFunction: 'function',
  ClassDeclaration: 'class',
  VariableDeclaration: 'value',
  TSInterfaceDeclaration: 'type',
  TSTypeAliasDeclaration: 'type',
};

/** Parses one declaration file. `file` is its path in `src`; imports of packages are left out. */
export function parseModule(file: string, source: string): Module {
  const { program, comments, errors } = parseSync(file.replace(/\.ts$/, '.d.ts'), source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]!.message}`);
  const module: Module = { declared: new Map(), imported: new Map(), exported: new Map() };
  const pathOf = (from: string) => posix.join(posix.dirname(file), from);
  for (const statement of program.body) {
    if (statement.type === 'ImportDeclaration') {
      if (!statement.source.value.startsWith('.')) continue;
      for (const one of statement.specifiers) {
        if (one.type === 'ImportSpecifier')
          module.imported.set(one.local.name, { file: pathOf(statement.source.value), name: nameOf(one.imported) });
      }
    } else if (statement.type === 'ExportNamedDeclaration' && statement.declaration === null) {
      const from = statement.source === null ? {} : { file: pathOf(statement.source.value) };
      for (const one of statement.specifiers)
        module.exported.set(nameOf(one.exported), { ...from, name: nameOf(one.local) });
    } else {
      const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration! : (statement as Node);
      const kind = KINDS[node.type];
      if (kind === undefined) continue;
      const before = comments.findLast(({ end }) => end <= statement.start);
      const isItsOwn = before?.value.startsWith('*') && source.slice(before.end, statement.start).trim() === '';
      const name = declaredName(node);
      const declared = {
        kind,
        text: source.slice(node.start, node.end).replace(/^declare /, ''),
        comment: isItsOwn ? withoutStars(before!.value) : '',
        mentions: mentionsOf(node),
      };
      module.declared.set(name, [...(module.declared.get(name) ?? []), declared]);
      if (statement.type === 'ExportNamedDeclaration') module.exported.set(name, { name });
    }
  }
  return module;
}

function nameOf(node: { type: string; name?: string; value?: unknown }): string {
  return node.name ?? String(node.value);
}

function declaredName(node: Node): string {
  const id = node.type === 'VariableDeclaration' ? node.declarations[0]!.id : (node as { id?: Node }).id;
  return (id as { name: string }).name;
}

function withoutStars(comment: string): string {
  return comment
    .replace(/^\*/, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

/** Collects the names used as a type or value, but not those of properties and parameters. */
function mentionsOf(declaration: Node): Set<string> {
  const names = new Set<string>();
  const visit = (value: unknown, mentioned: boolean): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, false);
    if (typeof value !== 'object' || value === null || !('type' in value)) return;
    const node = value as Node;
    if (node.type === 'Identifier' && mentioned) names.add(node.name);
    for (const [key, child] of Object.entries(node)) visit(child, MENTIONING.has(`${node.type}.${key}`));
  };
  visit(declaration, false);
  return names;
}

const MENTIONING = new Set([
  'TSTypeReference.typeName',
  'TSQualifiedName.left',
  'TSTypeQuery.exprName',
  'TSInterfaceHeritage.expression',
  'TSClassImplements.expression',
  'ClassDeclaration.superClass',
  'TSImportType.qualifier',
]);
