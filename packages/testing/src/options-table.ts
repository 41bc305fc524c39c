import { AriesError } from '@aries-data/sdk';
import { z } from 'zod';

interface OptionSchema {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: OptionSchema[];
  items?: OptionSchema;
  properties?: Record<string, OptionSchema>;
  required?: string[];
  secret?: boolean;
  additionalProperties?: OptionSchema | boolean;
}

/**
 * Puts the options table of each role of a connector into its README, between `<!-- options source -->` and
 * `<!-- /options source -->` (or `transform`, `destination`, or the name of an export).
 * Throws `NOT_FOUND` if the README has no marks for a role that takes a config.
 *
 * @example
 * await expect(withOptions(readme, { source })).toMatchFileSnapshot('../README.md');
 */
export function withOptions(readme: string, exports: Record<string, unknown>): string {
  let text = readme;
  for (const [role, definition] of Object.entries(exports)) {
    const config = (definition as { config?: z.ZodType } | undefined)?.config;
    if (config === undefined) continue;
    const [start, end] = [`<!-- options ${role} -->`, `<!-- /options ${role} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) {
      throw new AriesError('NOT_FOUND', `The README has no place for the options of "${role}"`, {
        hint: `Add two lines where the table belongs: ${start} and ${end}.`,
      });
    }
    text = `${text.slice(0, from + start.length)}\n${optionsTable(config)}\n${text.slice(to)}`;
  }
  return text;
}

/** Formats the options of a config as a Markdown table, one row per option; nested ones are named by their path. */
export function optionsTable(config: z.ZodType): string {
  const schema = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as OptionSchema;
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rowsOf(schema, '')].join('\n');
}

function rowsOf(schema: OptionSchema, prefix: string): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const path = `${prefix}${name}`;
    const fallback =
      option.default !== undefined ? `\`${JSON.stringify(option.default)}\`` : required.has(name) ? 'required' : '';
    const meaning = `${option.description ?? ''}${option.secret === true ? ' (secret)' : ''}`.trim();
    const row = `| \`${path}\` | ${typeOf(option)} | ${cell(fallback)} | ${cell(meaning)} |`;
    const nested = option.items?.properties === undefined ? option : option.items;
    // A map of objects, such as streams by name.
    const members = typeof option.additionalProperties === 'object' ? option.additionalProperties : {};
    return [
      row,
      ...rowsOf(nested, nested === option ? `${path}.` : `${path}[].`),
      ...rowsOf(members, `${path}.<name>.`),
      ...(option.items?.anyOf ?? []).flatMap((one) => rowsOf(one, `${path}[].`)),
    ];
  });
}

function typeOf(option: OptionSchema): string {
  if (option.const !== undefined) return `\`${JSON.stringify(option.const)}\``;
  if (option.enum !== undefined) return option.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (option.anyOf !== undefined && option.type === undefined)
    return [...new Set(option.anyOf.map(typeOf))].join(' or ');
  if (option.type === 'array') return `list of ${option.items === undefined ? 'any' : typeOf(option.items)}`;
  if (option.type === 'object')
    return typeof option.additionalProperties === 'object' && option.properties === undefined ? 'map' : 'object';
  return Array.isArray(option.type) ? option.type.join(' or ') : (option.type ?? 'any');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
