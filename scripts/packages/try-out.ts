import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Archive } from './archives.ts';

/** Installs tarballs in an empty folder, as a user would, and runs the command from there. Throws if any of it fails. */
export function tryOut(archives: readonly Archive[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'aries-tried-out-'));
  const run = (command: string, ...args: string[]): string => {
    // Use the Node that runs this, even if npm was started by another one.
    const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);
    const env = { ...process.env, PATH };
    return execFileSync(command, args, { cwd: folder, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] });
  };
  try {
    const dependencies = Object.fromEntries(archives.map(({ name, file }) => [name, `file:${relative(folder, file)}`]));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
    run('npm', 'install', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error');
    // Fails if a peer dependency is missing or has a wrong version.
    run('npm', 'ls', '--all');
    const { version } = archives.find(({ isCommand }) => isCommand)!;
    expect('aries --version', run('npx', 'aries', '--version').trim(), `aries ${version}`);
    writeFileSync(join(folder, 'cities.csv'), 'id,name\n1,Bern\n2,Quito\n3,Suva\n');
    const flags = ['--config', '{"url":"cities.csv"}', '--staging', './staging', '--name', 'cities'];
    const { streams } = JSON.parse(run('npx', 'aries', 'extract', 'file', ...flags));
    expect('aries extract', streams, { cities: { records: 3, rejected: 0, bytes: streams.cities?.bytes } });
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    throw new Error(`The packed packages do not work in an empty folder.\n${message}\n${stdout}${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function expect(what: string, found: unknown, wanted: unknown): void {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}
