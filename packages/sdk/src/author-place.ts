import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Messages of any length stand in stacks too. */
const LONGEST_LINE = 1000;

const SDK_FOLDER = dirname(fileURLToPath(import.meta.url)) + sep;

/**
 * Where in the author's own code an error was thrown: the first frame that is neither Node's, nor a package's, nor the SDK's, as
 * `src/source.ts:17` below the current folder. `undefined` where no frame is theirs.
 */
export function authorPlace(error: Error): string | undefined {
  for (const line of (error.stack ?? '').split('\n')) {
    const [, path, at] =
      /^\s+at (?:.*\()?(?:async )?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*?):(\d+):\d+\)?$/.exec(
        line.slice(0, LONGEST_LINE),
      ) ?? [];
    if (path === undefined) continue;
    const file = path.startsWith('file:') ? fileURLToPath(path) : path;
    if (file.startsWith(SDK_FOLDER) || file.includes(`${sep}node_modules${sep}`)) continue;
    const near = relative(process.cwd(), file);
    return `${near.startsWith('..') ? file : near}:${at}`;
  }
  return undefined;
}
