/**
 * Writes what the docs say about options, errors and the pipeline file from the code that decides it.
 * With --check nothing is written: the exit code is 1 where a page is not current.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { ERROR_CODES } from '../packages/sdk/src/errors.ts';
import { pipelineSchema } from '../packages/sdk/src/steps/pipeline-file.ts';

type Schema = {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  secret?: boolean;
  additionalProperties?: Schema | boolean;
};

const root = resolve(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const EXITS: Record<string, number> = { config: 78, auth: 77, transient: 75, data: 65, bug: 70 };
let stale = 0;

await connectorTables();
section('docs/reference/errors.md', 'codes', errorTable());
section('docs/reference/pipeline.md', 'keys', optionsTable(pipelineSchema));
section('docs/performance.md', 'bench', benchTables());
process.exitCode = stale === 0 ? 0 : 1;

/** The options table of each README, between `<!-- options[ name] -->` markers. */
async function connectorTables(): Promise<void> {
  for (const name of readdirSync(resolve(root, 'connectors'))) {
    const readme = `connectors/${name}/README.md`;
    const exports = await import(pathToFileURL(resolve(root, `connectors/${name}/src/index.ts`)).href);
    const parts =
      'source' in exports || 'destination' in exports
        ? { source: exports.source, destination: exports.destination }
        : exports;
    for (const [part, definition] of Object.entries(parts) as [string, { config?: z.ZodType } | undefined][]) {
      if (definition?.config !== undefined) section(readme, `options ${part}`, optionsTable(definition.config));
    }
  }
}

function errorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, entry]) => {
    const { kind, meaning, exit } = entry as { kind: string; meaning: string; exit?: number };
    return `| \`${code}\` | ${kind} | ${exit ?? EXITS[kind]} | ${meaning} |`;
  });
  return ['| code | kind | exit | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

/** What the last bench came to. */
function benchTables(): string {
  const results = JSON.parse(readFileSync(resolve(root, 'bench/results.json'), 'utf8')) as BenchResults;
  const { date, machine, rows, rounds, psql } = results;
  const head = `${date}: ${rows.toLocaleString('en')} rows, ${rounds} rounds, ${machine.cores} cores, Node ${machine.node}; ${psql ? 'psql' : 'two raw COPY connections in place of psql'}.`;
  const tables = [results.contests, results.start, results.libraries, results.memory].filter(
    (one) => one !== undefined,
  );
  return [head, ...tables.map(tableOf)].join('\n\n');
}

interface BenchResults {
  date: string;
  machine: { cores: number; node: string };
  rows: number;
  rounds: number;
  psql: boolean;
  contests: Record<string, object>;
  start: Record<string, object>;
  libraries: Record<string, object>;
  memory?: Record<string, object>;
}

/** Lines by name, with all the columns that any of them has. */
function tableOf(lines: Record<string, object>): string {
  const columns = [...new Set(Object.values(lines).flatMap((line) => Object.keys(line)))];
  const rows = Object.entries(lines).map(
    ([name, line]) =>
      `| ${cell(name)} | ${columns.map((column) => (line as Record<string, unknown>)[column] ?? '').join(' | ')} |`,
  );
  return [`| | ${columns.join(' | ')} |`, `|---|${'---|'.repeat(columns.length)}`, ...rows].join('\n');
}

function optionsTable(config: z.ZodType): string {
  const schema = z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as Schema;
  return ['| option | type | default | meaning |', '|---|---|---|---|', ...rowsOf(schema, '')].join('\n');
}

function rowsOf(schema: Schema, prefix: string): string[] {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, option]) => {
    const path = `${prefix}${name}`;
    const fallback =
      option.default !== undefined ? `\`${JSON.stringify(option.default)}\`` : required.has(name) ? 'required' : '';
    const meaning = `${option.description ?? ''}${option.secret === true ? ' (secret)' : ''}`.trim();
    const row = `| \`${path}\` | ${typeOf(option)} | ${cell(fallback)} | ${cell(meaning)} |`;
    const nested = option.items?.properties === undefined ? option : option.items;
    // A map of objects: streams by their names.
    const members = typeof option.additionalProperties === 'object' ? option.additionalProperties : {};
    return [
      row,
      ...rowsOf(nested, nested === option ? `${path}.` : `${path}[].`),
      ...rowsOf(members, `${path}.<name>.`),
      ...(option.items?.anyOf ?? []).flatMap((one) => rowsOf(one, `${path}[].`)),
    ];
  });
}

function typeOf(option: Schema): string {
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

/** Replaces what stands between two markers. */
function section(file: string, marker: string, content: string): void {
  const path = resolve(root, file);
  const before = readFileSync(path, 'utf8');
  const [start, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) {
    console.error(`${file} has no place for ${start} … ${end}`);
    stale++;
    return;
  }
  const after = `${before.slice(0, from + start.length)}\n${content}\n${before.slice(to)}`;
  if (after === before) return;
  if (!check) writeFileSync(path, after);
  else {
    console.error(`${file} is not current: run node scripts/generate-docs.ts`);
    stale++;
  }
}
