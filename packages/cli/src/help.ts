import { Help } from '@oclif/core';
import { findCommand, TOPICS } from './commands.ts';
import { oclifConfig } from './oclif-config.ts';
import { flush } from './report/stdio.ts';

/** Prints the help of `aries`, or of the topic or command that the first words name. */
export async function showHelp(argv: readonly string[]): Promise<void> {
  const config = await oclifConfig();
  const words = argv[0] === 'help' ? argv.slice(1) : argv;
  const topic = words[0] !== undefined && Object.hasOwn(TOPICS, words[0]) ? words[0] : undefined;
  const subject = findCommand(words)?.id.split(' ') ?? (topic === undefined ? [] : [topic]);
  // A terminal that does not tell its size has 0 columns.
  await new Help(config, { maxWidth: Math.min(process.stdout.columns || 100, 120), flagSortOrder: 'none' }).showHelp(
    subject,
  );
  await flush(process.stdout);
}
