import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { docker, dockerDoes, type Printed } from './containers.ts';
import { type DockerEngine, dockerEnvironment } from './docker.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** The images of this repository under names of their own, and what is built from them; all removed when it is disposed of. */
export interface AriesImages extends AsyncDisposable {
  /** What stands before each name. */
  prefix: string;
  /** What docker/build printed. */
  output: string;
  /** Builds a folder's Dockerfile as it is, but for the names of our images in it; the image's name is prefixed as well. */
  build(folder: string, name: string, builder?: DockerEngine['builders'][number]): Promise<Printed>;
}

/** Runs docker/build for the base and these connectors; for all where none is named. */
export async function ariesImages(engine: DockerEngine, connectors: readonly string[]): Promise<AriesImages> {
  const prefix = `aries-test-${randomBytes(6).toString('hex')}-`;
  const remove = async () => {
    const listed = await dockerDoes(engine, ['images', '--format', '{{.Repository}}:{{.Tag}}']);
    const ours = listed.split('\n').filter((name) => name.startsWith(prefix));
    if (ours.length > 0) await dockerDoes(engine, ['image', 'rm', '--force', ...ours]);
  };
  // Plain: progress for a terminal is of no use in a report.
  const env = { BUILDKIT_PROGRESS: 'plain' };
  try {
    const flags = ['--network', 'host', '--build-arg', `NODE_IMAGE=${engine.nodeImage}`];
    const { stdout, stderr } = await run(
      join(root, 'docker/build'),
      ['--prefix', prefix, ...connectors, '--', ...flags],
      {
        env: { ...dockerEnvironment(engine), ...env },
        maxBuffer: 64 << 20,
      },
    );
    return {
      prefix,
      output: stdout + stderr,
      async build(folder, name, builder = 'classic') {
        const temporary = await mkdtemp(join(tmpdir(), 'aries-dockerfile-'));
        const file = join(temporary, 'Dockerfile');
        try {
          const text = await readFile(join(folder, 'Dockerfile'), 'utf8');
          const ours = text.replaceAll(/^FROM aries-data/gm, `FROM ${prefix}aries-data`);
          await writeFile(file, ours.replaceAll(/^FROM node:\S+/gm, `FROM ${engine.nodeImage}`));
          const args = ['build', '--network', 'host', '--file', file, '--tag', prefix + name, folder];
          return await docker(engine, args, { ...env, DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0' });
        } finally {
          await rm(temporary, { recursive: true });
        }
      },
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
