import { type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The time and memory of one run of a command. */
export interface Run {
  seconds: number;
  /** User and system time, for Node processes only, as is the peak memory. */
  cpuSeconds?: number;
  peakMegabytes?: number;
}

const folder = mkdtempSync(join(tmpdir(), 'aries-bench-'));
const usageFile = join(folder, 'usage.json');
const hook = join(folder, 'usage.mjs');
writeFileSync(
  hook,
  // maxRSS starts at the value of the parent process; Linux also reports the program's own peak.
  `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
   process.on('exit', () => {
     const usage = process.resourceUsage();
     const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
     const peak = Number(/^VmHWM:\\s+(\\d+) kB/m.exec(status)?.[1] ?? usage.maxRSS);
     writeFileSync(process.env.BENCH_USAGE, JSON.stringify({ ...usage, maxRSS: peak }));
   });`,
);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Runs a Node program and measures time and memory. Throws if it fails. */
export async function runNode(args: readonly string[], options: SpawnOptions = {}): Promise<Run> {
  const env = { ...process.env, ...options.env, BENCH_USAGE: usageFile };
  const seconds = await timed(process.execPath, ['--import', hook, ...args], { ...options, env });
  const usage = JSON.parse(readFileSync(usageFile, 'utf8')) as NodeJS.ResourceUsage;
  return {
    seconds,
    cpuSeconds: (usage.userCPUTime + usage.systemCPUTime) / 1e6,
    peakMegabytes: usage.maxRSS / 1024,
  };
}

/** Runs a shell command. */
export async function runShell(line: string): Promise<Run> {
  return { seconds: await timed('/bin/sh', ['-c', line], {}) };
}

async function timed(command: string, args: readonly string[], options: SpawnOptions): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const started = performance.now();
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  child.on('error', reject);
  child.on('close', (code) =>
    code === 0 ? resolve() : reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${errors}`)),
  );
  await promise;
  return (performance.now() - started) / 1000;
}
