import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { rolldown } from 'rolldown';

/**
 * Bundles a package's entry points into a few files, because Node takes time for each module that it loads. Code shared by entry
 * points is in a common file, and dynamic imports are in separate files. Other packages stay imports.
 */
export async function bundlePackage(folder: string, into: string): Promise<void> {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, string>;
  };
  const build = await rolldown({
    cwd: folder,
    input: Object.fromEntries(Object.values(exports).map((file) => [basename(file, '.ts'), file])),
    platform: 'node',
    // Everything that is not a path is another package.
    external: /^[^./]/,
  });
  await build.write({
    dir: into,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // Editors read doc comments from the types.
    comments: { jsdoc: false },
  });
  await build.close();
}
