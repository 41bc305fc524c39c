import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { emitDeclarations } from './emit-declarations.ts';
import { formatDeclarations } from './format-code.ts';
import { anchorMaker, generatedFrom } from './markdown.ts';
import { type Declaration, exportReader } from './read-exports.ts';
import { ENTRIES, GROUPS } from './sdk-groups.ts';
import { zodTable } from './zod-tables.ts';

/** A section of the page. */
interface Part {
  title: string;
  intro: string;
  /** The entry point to import its declarations from. */
  from: string;
  shown: Shown[];
  /** Exports that are shown in another section. */
  also: Declaration[];
}

interface Shown {
  declaration: Declaration;
  /** True if it can be imported; otherwise it is shown because others mention it. */
  exported: boolean;
}

const HEAD = `${generatedFrom('the declarations and doc comments of packages/sdk/src')}

# The SDK

Everything that \`@aries-data/sdk\` and its other entry points export, as TypeScript sees it. Start with the guides; use this page
to look things up. \`z\` comes from \`zod\`, a peer dependency.`;

/** Longer declarations are cut, with a reference to their source. */
const LINES_AT_MOST = { type: 120, class: 120, function: 120, value: 40 };

/** Writes the page of all exports; calls `fault` for each without a doc comment, an example or a section of the page. */
export function sdkReference(root: string, fault: (message: string) => void): string {
  const folder = join(root, 'packages/sdk');
  const { name, exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, string>;
  };
  const read = exportReader(emitDeclarations(root, folder));
  const entries = Object.entries(exports).map(([entry, file]) => ({
    entry,
    from: posix.join(name, entry),
    exported: [...new Set(read(posix.relative('src', file)).values())],
  }));
  const isPublic = new Set(entries.flatMap(({ exported }) => exported));
  for (const declaration of isPublic) for (const message of faultsOf(declaration)) fault(message);

  const seen = new Set<Declaration>();
  const parts: Part[] = entries.flatMap(({ entry, from, exported }) => {
    const inOrder = (declarations: readonly Declaration[]) => withTheirTypes(declarations, { isPublic, seen });
    if (entry !== '.') {
      const { title, intro } = ENTRIES[entry] ?? { title: from, intro: '' };
      const also = exported.filter((one) => seen.has(one));
      return [{ title, intro, from, shown: inOrder(membersOf(exported, [''])), also }];
    }
    const placed = GROUPS.map(({ files, ...group }) => ({ ...group, from, members: membersOf(exported, files) }));
    for (const { file, name } of exported.filter((one) => !placed.some(({ members }) => members.includes(one))))
      fault(
        `packages/sdk/src/${file}: ${name} has no section in the reference; add the file to scripts/docs/sdk-groups.ts`,
      );
    return placed.map(({ members, ...group }) => ({ ...group, shown: inOrder(members), also: [] }));
  });
  return render(root, parts);
}

function faultsOf({ file, name, kind, text, comment }: Declaration): string[] {
  const place = `packages/sdk/src/${file}: ${name}`;
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

function render(root: string, parts: readonly Part[]): string {
  const anchor = anchorMaker();
  anchor('The SDK');
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
      ...(isCode ? [block(cut(codeOf.get(declaration)!, declaration))] : ['A zod schema with these fields:']),
      ...(table === undefined ? [] : [table]),
      ...(uses.length === 0 ? [] : [`Uses ${uses.map(link).join(', ')}.`]),
      ...examples.flatMap((example) => ['Example:', block(example)]),
    ].join('\n\n');
  };
  return [
    HEAD,
    contents.join('\n'),
    ...parts.flatMap(({ title, intro, from, shown, also }) => [
      `## ${title}`,
      [`From \`${from}\`.`, intro, ...(also.length === 0 ? [] : [`Also there: ${also.map(link).join(', ')}.`])].join(
        ' ',
      ),
      ...shown.map(section),
    ]),
  ].join('\n\n');
}

/** Splits a doc comment into its text and its examples. */
function partsOf(comment: string): { text: string; examples: string[] } {
  const [text = '', ...examples] = comment.split(/^@example\b/m).map((part) => part.trim());
  return { text, examples };
}

function cut(code: string, { file, kind }: Declaration): string {
  const lines = code.split('\n');
  const most = LINES_AT_MOST[kind];
  if (lines.length <= most) return code;
  return [...lines.slice(0, most), `// … ${lines.length - most} more lines: packages/sdk/src/${file}`].join('\n');
}

function block(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}
