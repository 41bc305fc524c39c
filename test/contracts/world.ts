import { mkdir, readdir, readFile, realpath, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunOptions, type RunResult, runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { type Masks, mask } from './mask.ts';

/** A folder in which commands run as a user would type them. */
export interface World extends AsyncDisposable {
  /** Runs a command in the folder and adds it to `transcript`. */
  aries(args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Every command so far with its exit code and masked result line. */
  transcript(): string;
  /** Reads a file, masked. `*` stands for the random part of its name. */
  read(path: string): Promise<string>;
  /** Lists the paths of all files in a folder, masked and sorted. */
  tree(folder: string): Promise<string>;
  path(name: string): string;
  mask(text: string): string;
}

/** Returns a connector in this folder. */
export function connector(name: string): string {
  return fileURLToPath(new URL(`connectors/${name}.ts`, import.meta.url));
}

/** The modification time of the input files. */
const LONG_AGO = new Date('2024-02-01T00:00:00Z');

/** Makes a folder with these files. `masks` are for other values that differ each time, such as a database. */
export async function createWorld(
  files: Readonly<Record<string, string>> = {},
  { places = {}, patterns = [] }: Partial<Masks> = {},
): Promise<World> {
  const root = await realpath(await temporaryFolder());
  const masked = (text: string) =>
    mask(text, {
      places: { ...places, [root]: '<folder>', [dirname(connector('shop'))]: '<connectors>' },
      patterns,
    });
  const path = (name: string) => join(root, name);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(path(name)), { recursive: true });
    await writeFile(path(name), text);
    await utimes(path(name), LONG_AGO, LONG_AGO);
  }
  const lines: string[] = [];
  return {
    path,
    mask: masked,
    async aries(args, options = {}) {
      const result = await runAries(args, { cwd: root, ...options });
      const last = result.stdout.trimEnd().split('\n').at(-1);
      lines.push(masked(`$ aries ${args.map(quoted).join(' ')}\nexit ${result.code}\n${last}\n`));
      return result;
    },
    transcript: () => lines.join('\n'),
    read: async (name) => masked(await readFile(await find(path(name)), 'utf8')),
    async tree(folder) {
      const entries = await readdir(path(folder), { recursive: true, withFileTypes: true });
      const names = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const last = new Set(names.map((name) => name.replace(CHECKPOINT, '-00000$1')));
      const listed = Array.from(last, (name) => masked(name.slice(path(folder).length + 1)));
      return `${listed.sort().join('\n')}\n`;
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** A slow machine writes more checkpoints than a fast one. Only the last of an attempt counts. */
const CHECKPOINT = /-\d{5}(\.checkpoint\.json)$/;

async function find(path: string): Promise<string> {
  if (!path.includes('*')) return path;
  const [before = '', after = ''] = path.slice(dirname(path).length + 1).split('*');
  const found = (await readdir(dirname(path))).filter((name) => name.startsWith(before) && name.endsWith(after));
  const last = found.sort().at(-1);
  const isOne = new Set(found.map((name) => name.replace(CHECKPOINT, '$1'))).size === 1;
  if (last === undefined || !isOne) throw new Error(`${path} stands for ${found.length} files`);
  return join(dirname(path), last);
}

function quoted(argument: string): string {
  return /^[\w./:@%=,-]+$/.test(argument) ? argument : `'${argument}'`;
}
