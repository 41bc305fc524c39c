// Builds the package in the current folder into `dist`: its code in a few files, and its types from tsc.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { bundlePackage } from './packages/bundle-package.ts';

const folder = process.cwd();
rmSync('dist', { recursive: true, force: true });
await bundlePackage(folder, resolve(folder, 'dist'));
execFileSync('tsc', ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--sourceMap', 'false'], {
  stdio: 'inherit',
});
