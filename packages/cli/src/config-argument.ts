import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { sourcePositions } from '@aries-data/formats';
import { AriesError } from '@aries-data/sdk';
import type { PlaceOf } from '@aries-data/sdk/internal';
import { parseJsonOrYaml } from './json-or-yaml.ts';

/** A config as it was given, with the places of its values in its file. */
export interface ConfigArgument {
  value: Record<string, unknown>;
  placeOf: PlaceOf | undefined;
}

/**
 * Reads the value of `--config`: JSON, `@file` (JSON or YAML by content) or `-` (stdin); `{}` if there is none. References in it are
 * not filled in yet. Throws `CONFIG_INVALID` with the place, never with the text.
 */
export async function readConfigArgument(
  argument: string | undefined,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<ConfigArgument> {
  const { text, where, file } = await readText(argument?.trim() ?? '{}', stdin);
  const value = await parseJsonOrYaml(text, where).catch((cause: Error) => {
    throw new AriesError('CONFIG_INVALID', cause.message, { hint: hintFor(argument) });
  });
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return {
      value: value as Record<string, unknown>,
      placeOf: file === undefined ? undefined : sourcePositions(text, file),
    };
  throw new AriesError('CONFIG_INVALID', `${where} must be an object`, { hint: hintFor(argument) });
}

async function readText(
  argument: string,
  stdin: NodeJS.ReadableStream,
): Promise<{ text: string; where: string; file?: string }> {
  if (argument === '-') return { text: await readAll(stdin), where: 'The config on stdin', file: 'stdin' };
  if (!argument.startsWith('@')) return { text: argument, where: '--config' };
  const path = argument.slice(1);
  try {
    return { text: await readFile(path, 'utf8'), where: path, file: path };
  } catch (cause) {
    throw new AriesError(
      'NOT_FOUND',
      `--config names the file ${path}, which cannot be read: ${(cause as NodeJS.ErrnoException).code}`,
      {
        cause,
        hint: 'Correct the path; it is taken from the current folder.',
      },
    );
  }
}

function hintFor(argument = ''): string {
  if (argument === '-' || argument.startsWith('@')) return 'Write an object in JSON or YAML.';
  if (existsSync(argument)) return `To read the file, write --config @${argument}.`;
  return `Write JSON in single quotes, as in --config '{"url":"…"}', or name a file, as in --config @config.yaml.`;
}
