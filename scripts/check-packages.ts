/** Builds and packs every package, then checks the archives as npm would serve them: entry points, files, types. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const packed = mkdtempSync(join(tmpdir(), 'aries-packed-'));
let failed = 0;

try {
  run('pnpm', ['--silent', 'build'], root);
  for (const folder of [
    'packages/sdk',
    'packages/cli',
    ...readdirSync(join(root, 'connectors')).map((name) => `connectors/${name}`),
  ]) {
    const { name, bin } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
      name: string;
      bin?: object;
    };
    const archive = join(packed, `${folder.replace('/', '-')}.tgz`);
    run('pnpm', ['--silent', 'pack', '--out', archive], join(root, folder));
    check(name, 'publint', ['run', archive, '--strict']);
    // The command is run, not imported: it has no types to resolve.
    if (bin === undefined) check(name, 'attw', [archive, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii']);
  }
} finally {
  rmSync(packed, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

function run(command: string, args: string[], cwd: string): void {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
}

function check(name: string, command: string, args: string[]): void {
  try {
    execFileSync(command, args, { cwd: root, stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: Buffer; stderr: Buffer };
    console.error(`${name}: ${command}\n${stdout}${stderr}`);
    failed++;
  }
}
