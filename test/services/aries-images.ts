import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { docker, type Printed } from './containers.ts';
import { type DockerEngine, dockerEnvironment } from './docker.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** The images of this repository, named for this test run, and a way to build on them. */
export interface AriesImages {
  /** The prefix of each image name. */
  prefix: string;
  /** Builds a folder's Dockerfile, with the prefix added to the names of our images and to the new one. */
  build(folder: string, name: string, builder?: DockerEngine['builders'][number]): Promise<Printed>;
}

/** Runs docker/build for the base and these connectors, unless a test file of this run already has. Without names, builds all, always. */
export async function ariesImages(engine: DockerEngine, connectors: readonly string[]): Promise<AriesImages> {
  const { prefix } = engine;
  // Plain progress, because a report needs no animation.
  const env = { BUILDKIT_PROGRESS: 'plain' };
  const needed = ['aries-data', ...connectors.map((name) => `aries-${name}`)].map((name) => prefix + name);
  if (connectors.length === 0 || (await docker(engine, ['image', 'inspect', ...needed])).code !== 0) {
    const flags = ['--network', 'host', '--build-arg', `NODE_IMAGE=${engine.nodeImage}`];
    await run(join(root, 'docker/build'), ['--prefix', prefix, ...connectors, '--', ...flags], {
      env: { ...dockerEnvironment(engine), ...env },
      maxBuffer: 64 << 20,
    });
  }
  return {
    prefix,
    async build(folder, name, builder = 'classic') {
      const temporary = await mkdtemp(join(tmpdir(), 'aries-dockerfile-'));
      const file = join(temporary, 'Dockerfile');
      try {
        const text = await readFile(join(folder, 'Dockerfile'), 'utf8');
        const ours = text.replaceAll(/^(FROM |COPY --from=)aries-/gm, `$1${prefix}aries-`);
        await writeFile(file, ours.replaceAll(/^FROM node:\S+/gm, `FROM ${engine.nodeImage}`));
        // Cached layers of another test file would be neither built nor printed.
        const args = ['build', '--no-cache', '--network', 'host', '--file', file, '--tag', prefix + name, folder];
        return await docker(engine, args, { ...env, DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0' });
      } finally {
        await rm(temporary, { recursive: true });
      }
    },
  };
}
