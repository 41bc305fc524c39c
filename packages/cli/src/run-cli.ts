import { userInfo } from 'node:os';
import { listenToSignals } from './signals.ts';

/** Runs one call of `aries`, from its arguments to the exit of the process. */
export async function runCli(argv: string[]): Promise<void> {
  const stop = listenToSignals();
  ensureUser();
  if (wantsHelp(argv)) {
    const { showHelp } = await import('./help.ts');
    await showHelp(argv);
    return;
  }
  const { runCommand } = await import('./run-command.ts').catch(endBroken);
  await runCommand(argv, stop);
}

// If a file of the installation is missing, the modules that report errors cannot be loaded either.
function endBroken(cause: Error): never {
  const error = {
    code: 'BUG',
    kind: 'bug',
    message: `The installation of aries is incomplete: ${cause.message.split('\n')[0]}`,
    hint: 'Reinstall aries.',
  };
  process.stdout.write(`${JSON.stringify({ ok: false, exitCode: 70, error })}\n`);
  process.exit(70);
}

// oclif looks up home and shell as it loads, and throws if a container runs as a user without an entry in /etc/passwd.
function ensureUser(): void {
  try {
    userInfo();
  } catch {
    process.env.HOME ??= '/';
    process.env.SHELL ??= '/bin/sh';
  }
}

function wantsHelp(argv: string[]): boolean {
  // Only for people: a script that lost its arguments must fail.
  if (argv.length === 0) return process.stdout.isTTY === true && process.stderr.isTTY === true;
  if (argv[0] === 'help') return true;
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((argument) => argument === '--help' || argument === '-h');
}
