import { stripVTControlCharacters } from 'node:util';
import { AriesError, nearest } from '@aries-data/sdk';
import type { Interfaces } from '@oclif/core';
import { COMMANDS } from './commands.ts';

/** Turns an error of oclif's parser into `USAGE`; returns undefined for any other error. */
export function toUsageError(thrown: unknown, command: string | undefined): AriesError | undefined {
  if (!(thrown instanceof Error) || !isParserError(thrown)) return undefined;
  const help = `aries ${command ?? ''} --help lists its arguments and flags.`.replace('  ', ' ');
  const suggestion = suggestFlag(thrown, command);
  return new AriesError('USAGE', messageOf(thrown), {
    hint: suggestion === undefined ? help : `${suggestion} ${help}`,
  });
}

/** Suggests what an unknown flag may stand for: a flag of the command with a similar name, or the same flag of another command. */
function suggestFlag(error: Error & { flags?: unknown[] }, command: string | undefined): string | undefined {
  const [first] = Array.isArray(error.flags) ? error.flags.map(nameOf) : [];
  if (first?.startsWith('--') !== true) return undefined;
  const name = first.slice(2);
  const own = command === undefined ? [] : flagsOf(command);
  const near = nearest(name, own).map((flag) => `--${flag}`);
  if (near.length > 0) return `Did you mean ${near.join(' or ')}?`;
  const others = Object.keys(COMMANDS).filter((id) => flagsOf(id).includes(name));
  return others.length === 0 ? undefined : `It is a flag of ${others.map((id) => `aries ${id}`).join(', ')}.`;
}

function flagsOf(command: string): string[] {
  const { flags = {}, baseFlags = {} } = COMMANDS[command] ?? {};
  return Object.keys({ ...flags, ...baseFlags });
}

/** Returns a flag without its value, which may be a secret. */
function nameOf(flag: unknown): string {
  return String(flag).split('=')[0]!;
}

function isParserError(error: Error): boolean {
  return 'oclif' in error || 'parse' in error || error.message.startsWith('Parsing --');
}

function messageOf(error: Error & { flags?: unknown[]; args?: unknown[] }): string {
  // A value that slipped out of its quotes may be a secret: flags are shown without values, arguments not at all.
  if (Array.isArray(error.flags)) return `Unknown flag ${error.flags.map(nameOf).join(', ')}`;
  if (Array.isArray(error.args) && error.message.startsWith('Unexpected argument'))
    return error.args.length === 1 ? 'One argument too many' : `${error.args.length} arguments too many`;
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

/** Throws `USAGE` if the variable of an on/off flag is neither true nor false: oclif would take any other word for false. */
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
      hint: `Set ${flag.env} to true or false, or unset it.`,
    });
  }
}
