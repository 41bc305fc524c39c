import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Formats pieces of a declaration file like the repository's code, all in one run of Biome. */
export function formatDeclarations(root: string, pieces: readonly string[]): string[] {
  const input = pieces.map((piece, index) => `//# ${index}\ndeclare ${piece}\n`).join('');
  const output = execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--stdin-file-path=pieces.d.ts'], {
    cwd: root,
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return output
    .split(/^\/\/# \d+\n/m)
    .slice(1)
    .map((piece) => piece.trim().replaceAll(/^declare /gm, ''));
}
