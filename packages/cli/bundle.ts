import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { readTemplates } from './src/scaffold/read-templates.ts';

/**
 * Bundles the command line into a folder beside a package.json. oclif goes in, so that help is printed before oclif could have
 * found its own files; beside them lie the templates of `aries new`; the SDK, zod and yaml stay packages, which connectors share with the command line.
 */
export async function bundle(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const build = await rolldown({
    cwd: dirname(fileURLToPath(import.meta.url)),
    input: { main: 'src/main.ts', index: 'src/index.ts' },
    platform: 'node',
    // oclif looks for TypeScript where a command line is developed, and does without it elsewhere.
    external: [/^@aries-data\//, 'zod', 'yaml', 'typescript'],
  });
  const { output } = await build.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // Names stay, for stacks that can be read.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
  });
  await build.close();
  chmodSync(join(folder, 'main.js'), 0o755);
  const modules = output.flatMap((file) => ('moduleIds' in file ? file.moduleIds : []));
  writeFileSync(join(folder, 'templates.json'), JSON.stringify(readTemplates(join(import.meta.dirname, '../..'))));
  const bundled = bundledPackages(modules);
  writeFileSync(join(folder, 'licenses.txt'), licensesOf(bundled));
  writeFileSync(join(folder, 'bundled.json'), JSON.stringify(bundled.map(({ name, version }) => ({ name, version }))));
}

/** A package whose code went into the bundle. */
interface Bundled {
  name: string;
  version: string;
  license: string;
  folder: string;
}

function bundledPackages(modules: readonly string[]): Bundled[] {
  const folders = new Set(modules.flatMap((id) => /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1] ?? []));
  return [...folders].sort().map((folder) => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Omit<Bundled, 'folder'>;
    const { name, version, license } = manifest;
    return { name, version, license, folder };
  });
}

const LICENSE_FILES = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'LICENCE', 'license', 'license.md'];

/** The licences of the packages that went into the bundle, which ask to travel with their code. */
function licensesOf(bundled: readonly Bundled[]): string {
  const texts = bundled.map(({ name, version, license, folder }) => {
    const file = LICENSE_FILES.map((candidate) => join(folder, candidate)).find(existsSync);
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(file, 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
