import { markdownTable } from './markdown.ts';

interface BenchResults {
  date: string;
  machine: { cores: number; node: string };
  rows: number;
  rounds: number;
  psql: boolean;
  contests: Record<string, object>;
  start: Record<string, object>;
  libraries: Record<string, object>;
  incremental?: Record<string, object>;
  memory?: Record<string, object>;
}

/** Writes the results of the last bench from `bench/results.json`. */
export function benchTables(json: string): string {
  const results = JSON.parse(json) as BenchResults;
  const { date, machine, rows, rounds, psql } = results;
  const head = `${date}: ${rows.toLocaleString('en')} rows, ${rounds} rounds, ${machine.cores} cores, Node ${machine.node}; ${psql ? 'psql' : 'two raw COPY connections in place of psql'}.`;
  const tables = [results.contests, results.start, results.libraries, results.incremental, results.memory].filter(
    (one) => one !== undefined,
  );
  return [head, ...tables.map(tableOf)].join('\n\n');
}

/** Makes a table of named lines, with every column that any line has. */
function tableOf(lines: Record<string, object>): string {
  const columns = [...new Set(Object.values(lines).flatMap((line) => Object.keys(line)))];
  const rows = Object.entries(lines).map(([name, line]) => [
    name,
    ...columns.map((column) => String((line as Record<string, unknown>)[column] ?? '')),
  ]);
  return markdownTable(['', ...columns], rows);
}
