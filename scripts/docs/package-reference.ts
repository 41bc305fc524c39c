import { join } from 'node:path';
import { emitDeclarations } from './emit-declarations.ts';
import { formatDeclarations } from './format-code.ts';
import { anchorMaker, generatedFrom } from './markdown.ts';
import { type Declaration, exportReader } from './read-exports.ts';
import type { ReferencePage } from './reference-pages.ts';
import { zodTable } from './zod-tables.ts';

/** A section of the page. */
interface Part {
  title: string;
  intro: string;
  shown: Shown[];
}

interface Shown {
  declaration: Declaration;
  /** True if it can be imported; otherwise it is shown because others mention it. */
  exported: boolean;
}

/** Longer declarations are cut, with a reference to their source. */
const LINES_AT_MOST = { type: 120, class: 120, function: 120, value: 40 };

/** Writes the page of a package's exports; calls `fault` for each without a doc comment, an example or a section. */
export function packageReference(root: string, page: ReferencePage, fault: (message: string) => void): string {
  const source = `packages/${page.package}/src`;
  const read = exportReader(emitDeclarations(root, join(root, 'packages', page.package)));
  const exported = [...new Set(read('index.ts').values())];
  const isPublic = new Set(exported);
  for (const declaration of exported) for (const message of faultsOf(declaration, source)) fault(message);

  const placed = new Set<Declaration>();
  const seen = new Set<Declaration>();
  const parts = page.parts.map(({ files, title, intro }) => {
    const members = membersOf(
      exported.filter((one) => !placed.has(one)),
      files,
    );
    for (const one of members) placed.add(one);
    return { title, intro, shown: withTheirTypes(members, { isPublic, seen }) };
  });
  for (const { file, name } of exported.filter((one) => !placed.has(one)))
    fault(`${source}/${file}: ${name} has no section on its page; add the file to scripts/docs/reference-pages.ts`);
  return render(root, page, parts, source);
}

function faultsOf({ file, name, kind, text, comment }: Declaration, source: string): string[] {
  const place = `${source}/${file}: ${name}`;
  if (comment === '') return [`${place} is exported and has no doc comment`];
  const { examples } = partsOf(comment);
  const isCalled = kind === 'function' || (kind === 'value' && text.includes('=>'));
  return isCalled && examples.length === 0 ? [`${place} is exported and its doc comment has no @example`] : [];
}

/** Sorts by file in the given order (an entry covers all paths that begin with it), functions before types. */
function membersOf(declarations: readonly Declaration[], files: readonly string[]): Declaration[] {
  const rank = ({ file }: Declaration) => files.findIndex((one) => file.startsWith(one));
  const isType = ({ kind }: Declaration) => (kind === 'type' ? 1 : 0);
  return declarations
    .filter((one) => rank(one) >= 0)
    .sort((a, b) => rank(a) - rank(b) || a.file.localeCompare(b.file) || isType(a) - isType(b));
}

/** Returns declarations, each followed by the unexported types that it mentions. */
function withTheirTypes(
  declarations: readonly Declaration[],
  { isPublic, seen }: { isPublic: ReadonlySet<Declaration>; seen: Set<Declaration> },
): Shown[] {
  return declarations.flatMap((declaration) => {
    if (seen.has(declaration)) return [];
    seen.add(declaration);
    const hidden = declaration.uses.filter((one) => !isPublic.has(one) && one.kind === 'type');
    return [{ declaration, exported: isPublic.has(declaration) }, ...withTheirTypes(hidden, { isPublic, seen })];
  });
}

function render(root: string, page: ReferencePage, parts: readonly Part[], source: string): string {
  const anchor = anchorMaker();
  anchor(page.title);
  const places = new Map<Declaration, string>();
  const partPlaces = parts.map(({ title, shown }) => {
    const place = anchor(title);
    for (const { declaration } of shown) places.set(declaration, anchor(declaration.name));
    return place;
  });
  const all = parts.flatMap(({ shown }) => shown.map(({ declaration }) => declaration));
  const formatted = formatDeclarations(
    root,
    all.map(({ text }) => text),
  );
  const codeOf = new Map(all.map((declaration, index) => [declaration, formatted[index]!]));
  const link = (declaration: Declaration) => `[\`${declaration.name}\`](#${places.get(declaration)})`;
  const contents = parts.map(({ title, shown }, index) => {
    const names = shown.filter(({ exported }) => exported).map(({ declaration }) => link(declaration));
    return `- [${title}](#${partPlaces[index]}): ${names.join(', ')}`;
  });
  const section = ({ declaration, exported }: Shown): string => {
    const { text, examples } = partsOf(declaration.comment);
    const uses = declaration.uses.filter((one) => places.has(one));
    const table = zodTable(declaration.name);
    const isCode = table === undefined || declaration.kind === 'type';
    return [
      `### \`${declaration.name}\``,
      ...(exported ? [] : ['Not exported.']),
      ...(text === '' ? [] : [text]),
      ...(isCode ? [block(cut(codeOf.get(declaration)!, declaration, source))] : ['A zod schema with these fields:']),
      ...(table === undefined ? [] : [table]),
      ...(uses.length === 0 ? [] : [`Uses ${uses.map(link).join(', ')}.`]),
      ...examples.flatMap((example) => ['Example:', block(example)]),
    ].join('\n\n');
  };
  const head = `${generatedFrom(`the declarations and doc comments of ${source}`)}

# ${page.title}

Everything that \`@aries-data/${page.package}\` exports, as TypeScript sees it. ${page.intro}`;
  return [
    head,
    contents.join('\n'),
    ...parts.flatMap(({ title, intro, shown }) => [`## ${title}`, intro, ...shown.map(section)]),
  ].join('\n\n');
}

/** Splits a doc comment into its text and its examples. */
function partsOf(comment: string): { text: string; examples: string[] } {
  const [text = '', ...examples] = comment.split(/^@example\b/m).map((part) => part.trim());
  return { text, examples };
}

function cut(code: string, { file, kind }: Declaration, source: string): string {
  const lines = code.split('\n');
  const most = LINES_AT_MOST[kind];
  if (lines.length <= most) return code;
  return [...lines.slice(0, most), `// … ${lines.length - most} more lines: ${source}/${file}`].join('\n');
}

function block(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}
