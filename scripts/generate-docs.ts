/**
 * Writes what the docs say about options, errors and the pipeline file from the code that decides it.
 * With --check nothing is written: the exit code is 1 where a page is not current.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ERROR_CODES } from '../packages/sdk/src/errors.ts';
import { pipelineSchema } from '../packages/sdk/src/steps/pipeline-file.ts';
import { optionsTable, withOptions } from '../packages/sdk/src/testing/options-table.ts';

const root = resolve(import.meta.dirname, '..');
const check = process.argv.includes('--check');
const EXITS: Record<string, number> = { config: 78, auth: 77, transient: 75, data: 65, bug: 70 };
let stale = 0;

await connectorTables();
section('docs/reference/errors.md', 'codes', errorTable());
section('docs/reference/pipeline.md', 'keys', optionsTable(pipelineSchema));
section('docs/performance.md', 'bench', benchTables());
process.exitCode = stale === 0 ? 0 : 1;

/** The options tables of each README, of connectors and of the templates that `aries new` copies. */
async function connectorTables(): Promise<void> {
  for (const folder of ['connectors', 'templates']) {
    for (const name of readdirSync(resolve(root, folder))) {
      const index = resolve(root, folder, name, 'src/index.ts');
      if (!existsSync(index)) continue;
      const readme = `${folder}/${name}/README.md`;
      replace(
        readme,
        withOptions(readFileSync(resolve(root, readme), 'utf8'), await import(pathToFileURL(index).href)),
      );
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
  replace(file, `${before.slice(0, from + start.length)}\n${content}\n${before.slice(to)}`);
}

/** Writes a page, or says that it is not current. */
function replace(file: string, after: string): void {
  const path = resolve(root, file);
  if (after === readFileSync(path, 'utf8')) return;
  if (!check) writeFileSync(path, after);
  else {
    console.error(`${file} is not current: run node scripts/generate-docs.ts`);
    stale++;
  }
}
