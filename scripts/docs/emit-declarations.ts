import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The declaration files of a package, by the path of their source in `src`. `tsc` writes them, as for a release: it is the one
 * that knows types which the code leaves to be inferred. TypeScript 7 has no stable API that would tell them otherwise.
 */
export function emitDeclarations(root: string, packageFolder: string): Map<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'aries-declarations-'));
  try {
    const options = ['--emitDeclarationOnly', '--noCheck', '--sourceMap', 'false', '--outDir', folder];
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', ...options], {
      cwd: packageFolder,
      stdio: 'inherit',
    });
    return new Map(
      globSync('**/*.d.ts', { cwd: folder })
        .sort()
        .map((file) => [file.replace(/\.d\.ts$/, '.ts'), readFileSync(join(folder, file), 'utf8')]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
