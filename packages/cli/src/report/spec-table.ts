import { styleText } from 'node:util';
import type { FieldSchema } from '@aries-data/sdk';
import { type Page, table } from './table.ts';
import { wrap } from './wrap.ts';

/** What `aries spec` says of a connector: a part of the contract. */
export interface Spec {
  ok: true;
  connector: string;
  version: string;
  source?: { config: FieldSchema };
  transform?: { config: FieldSchema; scope: 'batch' | 'dataset' };
  destination?: { config: FieldSchema; formats: readonly string[]; dispositions: readonly string[]; delivery: string };
}

/** Formats the options of a connector, with a table for each of its roles. */
export function presentSpec(spec: Spec, page: Page): string {
  const parts: [string, FieldSchema, string][] = [];
  if (spec.source !== undefined) parts.push(['Source', spec.source.config, '']);
  if (spec.transform !== undefined) parts.push(['Transform', spec.transform.config, `scope ${spec.transform.scope}`]);
  if (spec.destination !== undefined) {
    const { config, formats, dispositions, delivery } = spec.destination;
    parts.push([
      'Destination',
      config,
      `${dispositions.join(', ')}; takes ${formats.join(', ') || 'batches only'}; ${delivery}`,
    ]);
  }
  const sections = parts.map(([title, config, note]) => {
    const rows = optionRows(config);
    const body = rows.length > 0 ? table(['OPTION', 'TYPE', 'DEFAULT', ''], rows, page) : 'No options.';
    const heading = wrap(note === '' ? title : `${title} (${note})`, page.width).join('\n');
    return `${heading.replace(title, styleText('bold', title))}\n${body}`;
  });
  return [`${styleText('bold', spec.connector)} ${spec.version}`, ...sections].join('\n\n');
}

/** Returns a row for each option, a nested one with its path. */
export function optionRows(schema: FieldSchema, path = ''): string[][] {
  const required = new Set((schema.required as string[] | undefined) ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const notes = [
      required.has(name) && option.default === undefined ? 'required' : '',
      option.secret === true ? 'secret' : '',
    ]
      .filter(Boolean)
      .join(', ');
    const description = [notes === '' ? '' : `(${notes})`, option.description ?? ''].filter(Boolean).join(' ');
    const row = [at, typeOf(option), option.default === undefined ? '' : JSON.stringify(option.default), description];
    const members = option.additionalProperties;
    return [
      row,
      ...optionRows(option, at),
      // An object with any keys, such as streams by their names.
      ...(typeof members === 'object' && members !== null ? optionRows(members as FieldSchema, `${at}.<name>`) : []),
    ];
  });
}

function typeOf(schema: FieldSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const options = (schema.anyOf ?? schema.oneOf) as FieldSchema[] | undefined;
  if (options !== undefined) return options.map(typeOf).join(' | ');
  if (schema.type === 'array') return `${typeOf(schema.items ?? {})}[]`;
  return [schema.type ?? 'any'].flat().join(' | ');
}
