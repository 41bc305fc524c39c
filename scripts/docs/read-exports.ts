import { type Declared, type Module, parseModule } from './parse-module.ts';

/** Something that a package exports, or that what it exports mentions. */
export interface Declaration {
  name: string;
  /** The path of its source in `src`, such as `http/http.ts`. */
  file: string;
  kind: Declared['kind'];
  /** Its text; all overloads. */
  text: string;
  /** Its doc comment, without stars; empty where there is none. */
  comment: string;
  /** The declarations of the same package that its text mentions. */
  uses: Declaration[];
}

/** Reads what files of a package export, by name, following where names come from. */
export function exportReader(sources: ReadonlyMap<string, string>): (file: string) => Map<string, Declaration> {
  const modules = new Map<string, Module>();
  const known = new Map<string, Declaration>();

  const moduleOf = (file: string): Module => {
    const source = sources.get(file);
    if (source === undefined) throw new Error(`There is no declaration file of ${file}`);
    const module = modules.get(file) ?? parseModule(file, source);
    modules.set(file, module);
    return module;
  };

  const exported = (file: string, name: string): Declaration | undefined => {
    const origin = moduleOf(file).exported.get(name);
    if (origin === undefined) return undefined;
    return origin.file === undefined ? local(file, origin.name) : exported(origin.file, origin.name);
  };

  /** What a name stands for inside a file; undefined where it is a package's or the language's. */
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
    // Known before its uses are: types may mention each other.
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
        if (declaration === undefined) throw new Error(`${file} exports ${name}, which is not declared anywhere`);
        return [[name, declaration]];
      }),
    );
}
