/**
 * Checks the code without running it: format, lint, types, unused code, layers, and the exports of the packed packages.
 * All checks run even if one fails; the exit code is 1 if any did.
 */
import { spawn } from 'node:child_process';

const CHECKS: [name: string, command: string, ...args: string[]][] = [
  ['format and lint', 'biome', 'check', '--error-on-warnings'],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['unused code', 'knip'],
  ['layers', 'node', 'scripts/check-layers.ts'],
  ['generated pages', 'node', 'scripts/generate-docs.ts', '--check'],
  ['package exports', 'node', 'scripts/check-packages.ts'],
];

let failed = 0;
for (const [name, command, ...args] of CHECKS) {
  const started = performance.now();
  const code = await run(command, args);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  if (code !== 0) failed++;
}
process.exitCode = failed === 0 ? 0 : 1;

function run(command: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) process.stdout.write(Buffer.concat(output));
      resolve(code ?? 1);
    });
  });
}
