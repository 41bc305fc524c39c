import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { type Availability, ensurePackages } from './apt.ts';

const run = promisify(execFile);

/** Simulated hosts: network namespaces that reach only the address of the bridge between them. */
export interface NetworkHosts extends AsyncDisposable {
  /** The address of this machine for the hosts. */
  address: string;
  /** For each host, the words before a command to run it there. */
  hosts: string[][];
}

/** Makes hosts, or says why this machine cannot. */
export async function startHosts(
  count: number,
): Promise<({ available: true } & NetworkHosts) | Exclude<Availability, { available: true }>> {
  const packages = await ensurePackages(['iproute2']);
  if (!packages.available) return packages;
  const id = randomBytes(2).toString('hex');
  const subnet = `10.${200 + (randomBytes(1)[0]! % 50)}.${randomBytes(1)[0]!}`;
  const bridge = `aries${id}`;
  const names: string[] = [];
  const ip = (...args: string[]) => run('ip', args);
  const remove = async () => {
    for (const name of names) await ip('netns', 'delete', name).catch(() => {});
    await ip('link', 'delete', bridge).catch(() => {});
  };
  try {
    await ip('link', 'add', bridge, 'type', 'bridge');
    await ip('address', 'add', `${subnet}.1/24`, 'dev', bridge);
    await ip('link', 'set', bridge, 'up');
    for (let host = 0; host < count; host++) {
      const [name, cable] = [`${bridge}-${host}`, `v${id}${host}`];
      await ip('netns', 'add', name);
      names.push(name);
      await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      await ip('link', 'set', cable, 'master', bridge, 'up');
      await ip('-n', name, 'address', 'add', `${subnet}.${host + 2}/24`, 'dev', 'eth0');
      await ip('-n', name, 'link', 'set', 'eth0', 'up');
    }
  } catch (error) {
    await remove();
    return { available: false, reason: `no network namespaces: ${(error as Error).message.trim()}` };
  }
  return {
    available: true,
    address: `${subnet}.1`,
    hosts: names.map((name) => ['ip', 'netns', 'exec', name]),
    [Symbol.asyncDispose]: remove,
  };
}
