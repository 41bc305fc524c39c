import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { tail } from './daemon.ts';

const run = promisify(execFile);

/** The result of an installation: available, or the reason why not, for the test's output. */
export type Availability = { available: true } | { available: false; reason: string };

/** Installs missing Debian packages, as root or through a `sudo` without password. */
export async function ensurePackages(names: string[]): Promise<Availability> {
  let missing: string[];
  try {
    missing = await notInstalled(names);
  } catch {
    return no(names, 'this machine has no dpkg (it is not Debian or Ubuntu)');
  }
  if (missing.length === 0) return { available: true };
  const become = await rootPrefix();
  if (!become) return no(missing, 'installing needs root, or sudo without a password');

  const apt = (...args: string[]) => {
    const options = ['-q', '-o', 'DPkg::Lock::Timeout=120'];
    const words = [...become, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...options, ...args];
    const [command = 'env', ...rest] = words;
    return run(command, rest, { timeout: 600_000, maxBuffer: 64 << 20 });
  };
  try {
    // Ignored: one unreachable repository among several does no harm, and if none can be reached the install fails
    // with a message.
    await apt('update').catch(() => {});
    await apt('install', '-y', '--no-install-recommends', ...missing);
  } catch (error) {
    const { message, stderr = '' } = error as Error & { stderr?: string };
    return no(missing, `apt-get install failed: ${tail(stderr || message, 4)}`);
  }
  return { available: true };
}

function no(names: string[], why: string): Availability {
  return { available: false, reason: `not installed: ${names.join(', ')}; ${why}` };
}

async function notInstalled(names: string[]): Promise<string[]> {
  const format = '${Package} ${db:Status-Status}\n';
  // dpkg-query fails if a name is unknown, but still lists the others.
  const { stdout } = await run('dpkg-query', ['-W', '-f', format, ...names]).catch((error) => {
    if (error.code === 'ENOENT') throw error;
    return error as { stdout: string };
  });
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return names.filter((name) => !installed.has(name));
}

async function rootPrefix(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  try {
    await run('sudo', ['-n', 'true']);
    return ['sudo', '-n'];
  } catch {
    return undefined;
  }
}
