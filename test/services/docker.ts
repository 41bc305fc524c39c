import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startDaemon } from './daemon.ts';
import { buildNodeImage, type Docker, NODE_IMAGE } from './node-image.ts';

const run = promisify(execFile);

/** A Docker engine for tests, and the images they build on. */
export interface DockerEngine {
  /** The client; if available Debian's, which supports BuildKit without a plug-in. */
  client: string;
  /** `DOCKER_HOST`; empty for the client's default engine. */
  host: string;
  /** The prefix of all images that tests build; they are removed at the end of the run. */
  prefix: string;
  /** `node:24-bookworm-slim`, or a substitute if it cannot be pulled. */
  nodeImage: string;
  /** The available builders. */
  builders: ('classic' | 'buildkit')[];
}

/** Returns the packages that an engine needs: none if one runs already and can pull images. A sentence if there cannot be one. */
export async function dockerNeeds(): Promise<string[] | string> {
  if (await answers('docker', '')) return (await canPull('docker', '')) ? [] : ['mmdebstrap'];
  if (process.getuid?.() !== 0) return 'no Docker engine answers, and starting one needs root';
  return ['docker.io', 'mmdebstrap'];
}

/** Uses a running engine, or starts one with its images in a temporary folder. */
export async function startDocker(): Promise<DockerEngine & AsyncDisposable> {
  const running = new AsyncDisposableStack();
  try {
    const { client, host } = (await answers('docker', '')) ? { client: 'docker', host: '' } : await ownEngine(running);
    const docker: Docker = (...args) => dockerDoes({ client, host }, args);
    const prefix = `aries-test-${randomBytes(6).toString('hex')}-`;
    running.defer(() => removeImages(docker, prefix));
    const nodeImage = `${prefix}node`;
    await buildNodeImage(docker, nodeImage, await canPull(client, host));
    const builders: DockerEngine['builders'] = ['classic'];
    if (await hasBuildKit(client, host)) builders.push('buildkit');
    return { client, host, prefix, nodeImage, builders, [Symbol.asyncDispose]: () => running.disposeAsync() };
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** Makes an environment in which `docker` is that client and uses that engine. */
export function dockerEnvironment({ client, host }: Pick<DockerEngine, 'client' | 'host'>): NodeJS.ProcessEnv {
  const PATH = client.includes('/') ? `${dirname(client)}:${process.env.PATH}` : process.env.PATH;
  return { ...process.env, PATH, ...(host === '' ? {} : { DOCKER_HOST: host }) };
}

/**
 * Runs a Docker command that must succeed, and returns only stdout, because the client prints warnings on stderr.
 */
export async function dockerDoes(
  engine: Pick<DockerEngine, 'client' | 'host'>,
  args: readonly string[],
): Promise<string> {
  const { stdout } = await run(engine.client, args, { env: dockerEnvironment(engine), maxBuffer: 64 << 20 });
  return stdout.trim();
}

async function ownEngine(running: AsyncDisposableStack): Promise<{ client: string; host: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-docker-'));
  running.defer(async () => {
    // The daemon leaves the host's network namespace mounted.
    for (const mounted of await mountsBelow(folder)) await run('umount', [mounted]);
    await rm(folder, { recursive: true, force: true });
  });
  await mkdir(join(folder, 'data'));
  const host = `unix://${folder}/docker.sock`;
  const client = '/usr/bin/docker';
  // Without a bridge or firewall rules it does not change the machine's network; containers share the host's.
  const args = ['--host', host, '--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`];
  args.push('--pidfile', `${folder}/pid`, '--iptables=false', '--ip6tables=false', '--bridge=none');
  const daemon = startDaemon({ command: 'dockerd', args });
  running.defer(() => daemon.stop());
  await daemon.until(() => answers(client, host), 60_000);
  return { client, host };
}

async function removeImages(docker: Docker, prefix: string): Promise<void> {
  const listed = await docker('images', '--format', '{{.Repository}}:{{.Tag}}');
  const ours = listed.split('\n').filter((name) => name.startsWith(prefix));
  if (ours.length > 0) await docker('image', 'rm', '--force', ...ours);
}

/** Lists mounts, innermost first: https://man7.org/linux/man-pages/man5/proc_pid_mounts.5.html */
async function mountsBelow(folder: string): Promise<string[]> {
  const points = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  return points.filter((point) => point.startsWith(`${folder}/`)).reverse();
}

async function answers(client: string, host: string): Promise<boolean> {
  return succeeds(client, host, ['version', '--format', '{{.Server.Os}}']);
}

async function canPull(client: string, host: string): Promise<boolean> {
  return succeeds(client, host, ['pull', '--quiet', NODE_IMAGE]);
}

async function hasBuildKit(client: string, host: string): Promise<boolean> {
  return succeeds(client, host, ['buildx', 'version']).then(
    (buildx) => buildx || succeeds(client, host, ['build', '--help'], { DOCKER_BUILDKIT: '1' }, '--progress'),
  );
}

async function succeeds(client: string, host: string, args: string[], env = {}, printing = ''): Promise<boolean> {
  try {
    const options = { timeout: 300_000, env: { ...dockerEnvironment({ client, host }), ...env } };
    return (await run(client, args, options)).stdout.includes(printing);
  } catch {
    return false;
  }
}
