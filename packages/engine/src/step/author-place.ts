import { existsSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Longest line to search: stacks contain messages, which may be of any length. */
const LONGEST_LINE = 1000;

/** Folder of Aries' own packages in a checkout. Installed packages are in `node_modules`. */
const PACKAGES = dirname(packageOf(import.meta.dirname)) + sep;

/**
 * Finds the place in the author's own code where an error was thrown: the first stack frame outside Node, packages and Aries.
 * Returns `src/source.ts:17`, relative to the current folder, or undefined if there is no such frame.
 */
export function authorPlace(error: Error): string | undefined {
  for (const line of (error.stack ?? '').split('\n')) {
    const [, path, at] =
      /^\s+at (?:.*\()?(?:async )?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):\d+\)?$/.exec(
        line.slice(0, LONGEST_LINE),
      ) ?? [];
    if (path === undefined) continue;
    const file = path.startsWith('file:') ? fileURLToPath(path) : path;
    if (file.startsWith(PACKAGES) || file.includes(`${sep}node_modules${sep}`)) continue;
    const near = relative(process.cwd(), file);
    return `${near.startsWith('..') ? file : near}:${at}`;
  }
  return undefined;
}

function packageOf(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : packageOf(dirname(folder));
}
