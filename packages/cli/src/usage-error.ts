import { stripVTControlCharacters } from 'node:util';
import { AriesError } from '@aries-data/sdk';
import type { Interfaces } from '@oclif/core';

/** An error of oclif's parser as `USAGE`; `undefined` for any other. */
export function toUsageError(thrown: unknown, command: string | undefined): AriesError | undefined {
  if (!(thrown instanceof Error) || !isParserError(thrown)) return undefined;
  return new AriesError('USAGE', messageOf(thrown), {
    hint: `aries ${command ?? ''} --help lists what it takes.`.replace('  ', ' '),
  });
}

function isParserError(error: Error): boolean {
  return 'oclif' in error || 'parse' in error || error.message.startsWith('Parsing --');
}

function messageOf(error: Error & { flags?: unknown[]; args?: unknown[] }): string {
  // A value that slipped out of its quotes may be a secret: flags are named without theirs, arguments not at all.
  if (Array.isArray(error.flags))
    return `Unknown flag ${error.flags.map((flag) => String(flag).split('=')[0]).join(', ')}`;
  if (Array.isArray(error.args) && error.message.startsWith('Unexpected argument'))
    return `There are ${error.args.length} arguments more than the command takes`;
  if (Array.isArray(error.args) && error.message.startsWith('Missing')) {
    return `Missing argument ${error.args.map((arg) => String((arg as { name: string }).name).toUpperCase()).join(', ')}`;
  }
  return stripVTControlCharacters(error.message)
    .replace(/\nSee more help with --help$/, '')
    .replace(/^The following errors? occurred:\s*/, '')
    .replace(/^Parsing (--[\w-]+)\s+/, '$1: ')
    .replace(/Missing required flag ([\w-]+)/g, 'Missing required flag --$1')
    .replace(/\n\s*/g, '; ');
}

/** Refuses environment values that oclif would take for "no": a flag that is on or off knows a few words only. */
export function checkEnvironment(flags: Interfaces.FlagInput, env: NodeJS.ProcessEnv): void {
  for (const flag of Object.values(flags)) {
    const value = flag.env === undefined ? undefined : env[flag.env];
    if (
      flag.type !== 'boolean' ||
      value === undefined ||
      value === '' ||
      /^(?:1|true|y|yes|0|false|n|no)$/i.test(value)
    )
      continue;
    throw new AriesError('USAGE', `${flag.env} is neither true nor false`, {
      hint: `Set ${flag.env} to true or false, or leave it out.`,
    });
  }
}
