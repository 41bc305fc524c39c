import { userInfo } from 'node:os';
import { listenToSignals } from './signals.ts';

/** One call of `aries`, from its arguments to the exit of the process. */
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

// An installation that lacks a file has not even the parts that report errors.
function endBroken(cause: Error): never {
  const error = {
    code: 'BUG',
    kind: 'bug',
    message: `aries is not installed whole: ${cause.message.split('\n')[0]}`,
    hint: 'Install it again.',
  };
  process.stdout.write(`${JSON.stringify({ ok: false, exitCode: 70, error })}\n`);
  process.exit(70);
}

// oclif asks for home and shell as it loads, and throws where a container runs as a user that /etc/passwd does not know.
function ensureUser(): void {
  try {
    userInfo();
  } catch {
    process.env.HOME ??= '/';
    process.env.SHELL ??= '/bin/sh';
  }
}

function wantsHelp(argv: string[]): boolean {
  if (argv[0] === 'help') return true;
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).some((argument) => argument === '--help' || argument === '-h');
}
