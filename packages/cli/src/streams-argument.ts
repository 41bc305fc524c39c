import { readFile } from 'node:fs/promises';
import type { StreamOptions } from '@aries-data/engine';
import { parseJsonOrYaml } from './json-or-yaml.ts';

/**
 * Parses `--streams`: names separated by commas, JSON (a list of names and options, or one of them), or `@file` with the same in JSON or YAML.
 *
 * @example
 * await parseStreams('issues,comments');
 * await parseStreams('[{"name":"issues","cursor":"updated_at"}]');
 */
export async function parseStreams(text: string): Promise<(string | StreamOptions)[]> {
  const trimmed = text.trim();
  if (trimmed.startsWith('@'))
    return check(await parseJsonOrYaml(await readFile(trimmed.slice(1), 'utf8'), trimmed.slice(1)));
  if (/^[[{]/.test(trimmed)) return check(await parseJsonOrYaml(trimmed, '--streams'));
  return check(trimmed.split(',').map((name) => name.trim()));
}

async function check(value: unknown): Promise<(string | StreamOptions)[]> {
  const [{ streamOptionsSchema }, { z }] = await Promise.all([import('@aries-data/engine'), import('zod')]);
  const list = z.array(z.union([z.string().min(1), streamOptionsSchema])).nonempty();
  const result = list.safeParse(Array.isArray(value) ? value : [value]);
  if (result.success) return result.data;
  throw new Error(
    `expected names, or objects with ${Object.keys(streamOptionsSchema.shape).join(', ')}: ${z.prettifyError(result.error).replace(/\n\s*/g, ' ')}`,
  );
}
