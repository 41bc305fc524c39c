import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon } from './daemon.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

/**
 * Optional packages that others depend on (vite 8.4) and that not every registry has. `npm ci` wants them to be in the lock file all
 * the same, so empty ones stand in for them.
 */
const STAND_INS = ['napi-windows-process-start-time@0.1.0'];

/** A registry of our own: what is published there is there, all else comes from the registry that npm uses. */
export interface Registry extends AsyncDisposable {
  url: string;
  /** Publishes the package of a folder, as `pnpm publish` packs it. */
  publish(folder: string): Promise<void>;
}

/** Starts verdaccio, which is installed for the occasion: its dependencies are nobody else's business. */
export async function startRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-registry-'));
  const { stdout: upstream } = await run('npm', ['config', 'get', 'registry'], { cwd: folder });
  await writeFile(
    join(folder, 'package.json'),
    // Its own choice of node-fetch does not install.
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
