/**
 * Builds the package of the current folder into `dist`: its modules in a few files, because Node takes its time for each that it loads, and
 * its types as tsc writes them, one file for each source. Other packages stay imports, and what is imported dynamically a file of its own.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import { rolldown } from 'rolldown';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, string> };
rmSync('dist', { recursive: true, force: true });
const build = await rolldown({
  input: Object.fromEntries(Object.values(exports).map((file) => [basename(file, '.ts'), file])),
  platform: 'node',
  external: /^[^./]/,
});
await build.write({
  dir: 'dist',
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await build.close();
execFileSync('tsc', ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--sourceMap', 'false'], {
  stdio: 'inherit',
});
