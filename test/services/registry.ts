import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

/**
 * Optional dependencies (of vite 8.4) that not every registry has. `npm ci` still wants them in the lock file, so empty packages
 * replace them.
 */
const STAND_INS = ['napi-windows-process-start-time@0.1.0'];

/** A local registry. Packages that are not published there come from the registry that npm uses. */
export interface Registry extends AsyncDisposable {
  url: string;
  /** Publishes the package in a folder, packed as `pnpm publish` does. */
  publish(folder: string): Promise<void>;
}

/** Starts verdaccio, installed on demand so that its dependencies stay out of the repository. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-registry-'));
  const { stdout: upstream } = await run('npm', ['config', 'get', 'registry'], { cwd: folder });
  await writeFile(
    join(folder, 'package.json'),
    // The version of node-fetch that it asks for does not install.
    JSON.stringify({ private: true, dependencies: { verdaccio: '^6' }, overrides: { 'node-fetch': '2.6.7' } }),
  );
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: folder });
  await mkdir(join(folder, 'storage'));
  await writeFile(join(folder, 'config.yaml'), configOf(folder, upstream.trim()));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  const server = startDaemon({
    command: process.execPath,
    args: [
      join(folder, 'node_modules/verdaccio/bin/verdaccio'),
      ...['--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`],
    ],
  });
  await server.until(async () => (await fetch(`${url}-/ping`).catch(() => undefined))?.ok === true, 60_000);
  const publish = (published: string) =>
    run('pnpm', ['publish', '--no-git-checks', '--registry', url], { cwd: published });
  for (const standIn of STAND_INS) {
    const [name = '', version = ''] = standIn.split('@');
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'package.json'), JSON.stringify({ name, version, os: ['win32'] }));
    await publish(join(folder, name));
  }
  return {
    url,
    async publish(published) {
      await publish(published);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf(folder: string, upstream: string): string {
  return `
storage: ${join(folder, 'storage')}
max_body_size: 200mb
uplinks:
  upstream: { url: '${upstream}', maxage: 1h, timeout: 60s }
packages:
  '@aries-data/*': { access: $all, publish: $all, unpublish: $all }
${STAND_INS.map((one) => `  '${one.split('@')[0]}': { access: $all, publish: $all }`).join('\n')}
  '**': { access: $all, proxy: upstream }
log: { type: stdout, format: pretty, level: warn }
`;
}
