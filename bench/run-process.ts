import { type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one run of a command took. */
export interface Run {
  seconds: number;
  /** Of a Node process: user and system time, and its peak memory. */
  cpuSeconds?: number;
  peakMegabytes?: number;
}

const folder = mkdtempSync(join(tmpdir(), 'aries-bench-'));
const usageFile = join(folder, 'usage.json');
const hook = join(folder, 'usage.mjs');
writeFileSync(
  hook,
  // The system's own maximum (maxRSS) begins at that of the process that started this one, where Linux tells the program's by itself.
  `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
   process.on('exit', () => {
     const usage = process.resourceUsage();
     const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
     const peak = Number(/^VmHWM:\\s+(\\d+) kB/m.exec(status)?.[1] ?? usage.maxRSS);
     writeFileSync(process.env.BENCH_USAGE, JSON.stringify({ ...usage, maxRSS: peak }));
   });`,
);
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/** Runs a Node program and asks the system what it took. Throws where it fails. */
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

/** Runs a line of shell. */
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
