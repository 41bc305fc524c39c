import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createBucket, type S3Connection } from './bucket.ts';
import { type Daemon, startDaemon, tail } from './daemon.ts';
import { freePort } from './free-port.ts';

const run = promisify(execFile);

/** The Debian packages that `startCeph` needs. */
export const CEPH_PACKAGES = ['ceph-common', 'ceph-mon', 'ceph-osd', 'radosgw'];

/** A running Ceph server with an S3 interface and its data in a temporary folder. */
export interface CephServer extends S3Connection, AsyncDisposable {
  /** Creates a bucket, with a random name by default, and returns its name. */
  createBucket(name?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a real S3 server: one monitor, one object store and one gateway of Ceph, ready in about five seconds. */
export async function startCeph(): Promise<CephServer> {
  const folder = await mkdtemp(join(tmpdir(), 'aries-ceph-'));
  const daemons: Daemon[] = [];
  const stop = async () => {
    for (const daemon of daemons.splice(0).reverse()) await daemon.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const connection = await startIn(folder, daemons);
    const bucket = (name?: string) => createBucket(connection, name);
    return { ...connection, createBucket: bucket, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startIn(folder: string, daemons: Daemon[]): Promise<S3Connection> {
  const fsid = randomUUID();
  const monitor = `v2:127.0.0.1:${await freePort()}`;
  const port = await freePort();
  const conf = join(folder, 'ceph.conf');
  await writeFile(conf, configuration(folder, { fsid, monitor, port }));
  for (const name of ['mon', 'osd', 'rgw']) await mkdir(join(folder, name));

  const tool = async (command: string, ...args: string[]) => {
    try {
      return (await run(command, ['-c', conf, ...args], { cwd: folder, timeout: 60_000 })).stdout;
    } catch (error) {
      const { message, stderr = '', stdout = '' } = error as Error & { stderr?: string; stdout?: string };
      const logs = daemons.map((daemon) => tail(daemon.log(), 5)).join('\n');
      throw new Error(`Ceph did not start: ${message}\n${tail(stdout + stderr)}\n${logs}`);
    }
  };
  const daemon = (command: string, ...args: string[]) => {
    // KILL, because nothing must be saved and an orderly shutdown waits for the monitor.
    const started = startDaemon({ command, args: ['-f', '-c', conf, ...args], stopSignal: 'KILL' });
    daemons.push(started);
    return started;
  };

  const monmap = join(folder, 'monmap');
  await run('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', `[${monitor}]`, monmap]);
  await tool('ceph-mon', '--mkfs', '-i', 'a', '--monmap', monmap);
  daemon('ceph-mon', '-i', 'a');

  const osd = randomUUID();
  // The first command waits for the monitor.
  await tool('ceph', '--connect-timeout', '30', 'osd', 'new', osd);
  await tool('ceph-osd', '--mkfs', '-i', '0', '--osd-uuid', osd);
  // A gateway that starts before the store is up backs off for seconds, so wait here.
  const isUp = async () => (await tool('ceph', 'osd', 'stat')).includes('1 up');
  await daemon('ceph-osd', '-i', '0').until(isUp, 60_000);

  const accessKeyId = randomBytes(10).toString('hex').toUpperCase();
  const secretAccessKey = randomBytes(20).toString('hex');
  const user = ['--uid=tests', '--display-name=tests', `--access-key=${accessKeyId}`, `--secret=${secretAccessKey}`];
  await tool('radosgw-admin', 'user', 'create', ...user);
  const endpoint = `http://127.0.0.1:${port}`;
  await daemon('radosgw', '-n', 'client.rgw').until(() => answers(endpoint), 60_000);
  return { endpoint, accessKeyId, secretAccessKey, region: 'us-east-1' };
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    return (await fetch(endpoint, { signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}

/**
 * One copy of everything, no passwords between the daemons, and everything below one folder. By default the monitor collects
 * changes for a second, and the gateway insists on encryption, which needs passwords.
 */
function configuration(
  folder: string,
  { fsid, monitor, port }: { fsid: string; monitor: string; port: number },
): string {
  return `[global]
fsid = ${fsid}
mon host = [${monitor}]
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
mon allow pool size one = true
mon max pg per osd = 1000
paxos propose interval = 0.05
paxos min wait = 0.01
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd crush chooseleaf type = 0
osd objectstore = bluestore
bluestore block size = 21474836480
bluestore fsck on mkfs = false
mon data = ${folder}/mon
osd data = ${folder}/osd
rgw data = ${folder}/rgw
run dir = ${folder}
admin socket = ${folder}/$name.$pid.asok
log file =
log to stderr = true
err to stderr = true
rgw frontends = beast endpoint=127.0.0.1:${port}
`;
}
