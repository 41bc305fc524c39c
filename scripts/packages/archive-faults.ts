import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { Archive } from './archives.ts';

const run = promisify(execFile);

/** Checks tarballs as npm would serve them: entry points, files, types. Returns one message for each tool that found a fault. */
export async function archiveFaults(archives: readonly Archive[]): Promise<string[]> {
  const faults: string[] = [];
  const waiting = archives.flatMap(toolsFor);
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) faults.push(...(await faultOf(next)));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return faults.sort();
}

interface Tool {
  name: string;
  command: string;
  args: string[];
}

function toolsFor({ name, file, isCommand }: Archive): Tool[] {
  const tools = [{ name, command: 'publint', args: ['run', file, '--strict'] }];
  // A command is run, not imported, so it needs no types.
  if (!isCommand)
    tools.push({ name, command: 'attw', args: [file, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'] });
  return tools;
}

async function faultOf({ name, command, args }: Tool): Promise<string[]> {
  try {
    await run(command, args);
    return [];
  } catch (error) {
    const { message, stdout = '', stderr = '' } = error as Error & { stdout?: string; stderr?: string };
    return [`${name}: ${command}\n${stdout}${stderr}${stdout + stderr === '' ? message : ''}`];
  }
}
