import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { docker, type Printed } from './containers.ts';
import { type DockerEngine, dockerEnvironment } from './docker.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

/** The images of this repository under the names of this test run, and what is built from them. */
export interface AriesImages {
  /** What stands before each name. */
  prefix: string;
  /** Builds a folder's Dockerfile as it is, but for the names of our images in it; the image's name is prefixed as well. */
  build(folder: string, name: string, builder?: DockerEngine['builders'][number]): Promise<Printed>;
}

/** Runs docker/build for the base and these connectors, where no test file of this run has; always and for all where none is named. */
export async function ariesImages(engine: DockerEngine, connectors: readonly string[]): Promise<AriesImages> {
  const { prefix } = engine;
  // Plain: progress for a terminal is of no use in a report.
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
        // What another test file has built would not be done again, nor printed.
        const args = ['build', '--no-cache', '--network', 'host', '--file', file, '--tag', prefix + name, folder];
        return await docker(engine, args, { ...env, DOCKER_BUILDKIT: builder === 'buildkit' ? '1' : '0' });
      } finally {
        await rm(temporary, { recursive: true });
      }
    },
  };
}
