import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The default base image of docker/Dockerfile. */
export const NODE_IMAGE = 'node:24-bookworm-slim';

/** Runs a Docker command and returns its output. */
export type Docker = (...args: string[]) => Promise<string>;

/**
 * Builds the Node image for tests: the real one if it can be pulled, or else Debian's packages, as `TAG-debian`, with npm's Node 24
 * on top. If this machine has special settings for the registry (another one, certificates), they are in the image, so that no
 * Dockerfile needs them.
 */
export async function buildNodeImage(docker: Docker, tag: string, canPull: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-node-image-'));
  try {
    const lines = canPull ? [`FROM ${NODE_IMAGE}`] : await standIn(docker, { folder, tag });
    lines.push(...(await registrySettings(folder)));
    await writeFile(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
    await docker('build', '--network', 'host', '--tag', tag, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** https://github.com/nodejs/docker-node/blob/main/24/bookworm-slim/Dockerfile: the parts that our image relies on. */
async function standIn(docker: Docker, { folder, tag }: { folder: string; tag: string }): Promise<string[]> {
  await docker('import', await debian(), `${tag}-debian`);
  await copyFile(process.execPath, join(folder, 'node'));
  await run('npm', ['pack', 'npm@11', '--pack-destination', folder, '--silent'], { cwd: folder });
  await run('/bin/sh', ['-c', 'tar -xzf npm-*.tgz && mv package npm && rm npm-*.tgz'], { cwd: folder });
  return [
    `FROM ${tag}-debian`,
    'COPY node /usr/local/bin/',
    'COPY npm /usr/local/lib/node_modules/npm',
    'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\',
    ' && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx \\',
    ' && groupadd --gid 1000 node \\',
    ' && useradd --uid 1000 --gid node --shell /bin/bash --create-home node',
    'CMD ["node"]',
  ];
}

/** Makes an archive of a minimal Debian system, and keeps it because that takes twenty seconds. */
async function debian(): Promise<string> {
  const folder = resolve(import.meta.dirname, '../../node_modules/.cache/aries');
  const archive = join(folder, 'bookworm.tar');
  if (existsSync(archive)) return archive;
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, `${randomBytes(6).toString('hex')}.tar`);
  try {
    await run('mmdebstrap', ['--quiet', '--variant=minbase', '--include=ca-certificates', 'bookworm', unfinished]);
    await rename(unfinished, archive);
  } finally {
    await rm(unfinished, { force: true });
  }
  return archive;
}

async function registrySettings(folder: string): Promise<string[]> {
  const lines: string[] = [];
  const { NODE_EXTRA_CA_CERTS: certificates } = process.env;
  if (certificates) {
    await copyFile(certificates, join(folder, 'certificates.pem'));
    lines.push('COPY certificates.pem /etc/ssl/certs/of-the-host.pem');
    lines.push('ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/of-the-host.pem');
  }
  const registry = (await run('npm', ['config', 'get', 'registry'], { cwd: folder })).stdout.trim();
  if (registry !== 'https://registry.npmjs.org/') lines.push(`ENV npm_config_registry=${registry}`);
  return lines;
}
