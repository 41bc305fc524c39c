import { spawn } from 'node:child_process';

/** How long npm may take to resolve the dependencies. */
const PATIENCE_MS = 120_000;

/**
 * Lets npm write package-lock.json without installing anything. Returns the reason if it could not: no npm, no registry, a missing
 * package.
 */
export function writeLockFile(folder: string, signal: AbortSignal): Promise<string | undefined> {
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=0'];
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  return new Promise((resolve) => {
    const child = spawn('npm', args, {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: process.platform === 'win32',
      signal: limit,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (limit.aborted) resolve('npm took too long');
      else resolve(error.code === 'ENOENT' ? 'npm was not found' : error.message);
    });
    child.on('close', (code) => resolve(code === 0 ? undefined : reasonOf(said)));
  });
}

/** Returns npm's explanation: its first line that is not a code or about its log. */
function reasonOf(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => /^npm (?:error|ERR!) (.*)$/.exec(line)?.[1]?.trim() ?? '')
    .filter((line) => line !== '' && !/^(?:code|errno|syscall|type|network$|A complete log)/.test(line));
  return lines[0] ?? 'npm failed';
}
