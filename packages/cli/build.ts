// What `pnpm build` and `pnpm pack` make of this package: the bundle, and the types of its library part.
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.ts';

const root = dirname(fileURLToPath(import.meta.url));

await bundle(join(root, 'dist'));
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
