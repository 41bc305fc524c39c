import { type Declared, type Module, parseModule } from './parse-module.ts';

/** An export of a package, or a declaration that an export mentions. */
export interface Declaration {
  name: string;
  /** The path of its source in `src`, such as `http/http.ts`. */
  file: string;
  kind: Declared['kind'];
  /** Its text, with all overloads. */
  text: string;
  /** Its doc comment, without stars; empty if there is none. */
  comment: string;
  /** The declarations of the same package that its text mentions. */
  uses: Declaration[];
}

/** Makes a function that reads the exports of a file by name, following re-exports. */
export function exportReader(sources: ReadonlyMap<string, string>): (file: string) => Map<string, Declaration> {
  const modules = new Map<string, Module>();
  const known = new Map<string, Declaration>();

  const moduleOf = (file: string): Module => {
    const source = sources.get(file);
    if (source === undefined) throw new Error(`There is no declaration file for ${file}`);
    const module = modules.get(file) ?? parseModule(file, source);
    modules.set(file, module);
    return module;
  };

  const exported = (file: string, name: string): Declaration | undefined => {
    const origin = moduleOf(file).exported.get(name);
    if (origin === undefined) return undefined;
    return origin.file === undefined ? local(file, origin.name) : exported(origin.file, origin.name);
  };

  /** Resolves a name inside a file; undefined if it belongs to another package or the language. */
  const local = (file: string, name: string): Declaration | undefined => {
    const module = moduleOf(file);
    const imported = module.imported.get(name);
    if (imported !== undefined) return exported(imported.file!, imported.name);
    const overloads = module.declared.get(name);
    if (overloads === undefined) return undefined;
    const key = `${file} ${name}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const declaration: Declaration = {
      name,
      file,
      kind: overloads[0]!.kind,
      text: overloads.map(({ text }) => text).join('\n'),
      comment: overloads.find(({ comment }) => comment !== '')?.comment ?? '',
      uses: [],
    };
    // Stored before its uses are read, because types may mention each other.
    known.set(key, declaration);
    const mentioned = new Set(overloads.flatMap(({ mentions }) => [...mentions]));
    for (const one of mentioned) {
      const used = local(file, one);
      if (used !== undefined && used !== declaration) declaration.uses.push(used);
    }
    return declaration;
  };

  return (file) =>
    new Map(
      // What another package declares is on the page of that package.
      [...moduleOf(file).exported].flatMap(([name, origin]): [string, Declaration][] => {
        if (origin.file?.startsWith('@')) return [];
        const declaration = exported(file, name);
        if (declaration === undefined) throw new Error(`${file} exports ${name}, but nothing declares it`);
        return [[name, declaration]];
      }),
    );
}
