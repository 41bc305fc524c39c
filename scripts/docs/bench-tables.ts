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
  memory?: Record<string, object>;
}

/** What the last bench came to, from `bench/results.json`. */
export function benchTables(json: string): string {
  const results = JSON.parse(json) as BenchResults;
  const { date, machine, rows, rounds, psql } = results;
  const head = `${date}: ${rows.toLocaleString('en')} rows, ${rounds} rounds, ${machine.cores} cores, Node ${machine.node}; ${psql ? 'psql' : 'two raw COPY connections in place of psql'}.`;
  const tables = [results.contests, results.start, results.libraries, results.memory].filter(
    (one) => one !== undefined,
  );
  return [head, ...tables.map(tableOf)].join('\n\n');
}

/** Lines by name, with all the columns that any of them has. */
function tableOf(lines: Record<string, object>): string {
  const columns = [...new Set(Object.values(lines).flatMap((line) => Object.keys(line)))];
  const rows = Object.entries(lines).map(([name, line]) => [
    name,
    ...columns.map((column) => String((line as Record<string, unknown>)[column] ?? '')),
  ]);
  return markdownTable(['', ...columns], rows);
}
