/**
 * Measures an incremental run: a table of which 1 % has changed is brought up to date with `merge`, against psql, which does the same from
 * a file with `INSERT … ON CONFLICT`. Both take turns; results are medians, as multiples of psql's speed. Both targets must equal
 * the source in the end.
 *
 *     node bench/merge.ts [--rows 1000000] [--rounds 5] [--json]
 *
 * Needs psql.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from '../packages/cli/bundle.ts';
import { startPostgres } from '../test/services/postgres.ts';
import { query } from '../test/services/query.ts';
import { DURABLE } from './durable.ts';
import { asTable } from './incremental-table.ts';
import { type Run, runNode, runShell } from './run-process.ts';
import { wideTable } from './wide-table.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const rows = Number(values.rows);
const changed = Math.ceil(rows / 100);
const root = fileURLToPath(new URL('..', import.meta.url));

await using server = await startPostgres({ settings: DURABLE });
const folder = await mkdtemp(join(tmpdir(), 'aries-bench-'));
const target = await server.createDatabase('target');
const file = join(folder, 'changed.csv');
const pipeline = join(folder, 'pipeline.json');
await bundle(join(root, 'packages/cli/dist'));
const aries = (...args: string[]) => runNode([join(root, 'packages/cli/dist/main.js'), ...args]);
const COLUMNS = ['id', 'account', 'amount', 'ratio', 'active', 'created', 'day', 'name', 'note', 'token', 'updated'];
const UPSERT = `INSERT INTO theirs SELECT * FROM arrived ON CONFLICT (id) DO UPDATE SET ${COLUMNS.slice(1)
  .map((column) => `${column} = EXCLUDED.${column}`)
  .join(', ')}`;
const upsert = () =>
  runShell(
    `psql -qAt -v ON_ERROR_STOP=1 '${target}' -c 'CREATE TEMP TABLE arrived (LIKE theirs)' -c "\\copy arrived from '${file}'" -c '${UPSERT}'`,
  );
const CONTENTS = 'count(*), sum(hashtextextended(wide::text, 0))';

const theirs: Run[] = [];
const loads: Run[] = [];
const whole: Run[] = [];

/** Changes 1 % of the rows, spread over the table, and writes them to the file. */
async function change(round: number): Promise<void> {
  await query(
    server.url,
    `UPDATE wide SET note = 'changed ' || ${round}, updated = clock_timestamp() WHERE id % 100 = ${round % 100}`,
  );
  const arrived = `COPY (SELECT * FROM wide WHERE id % 100 = ${round % 100}) TO STDOUT`;
  await runShell(`psql -qAt '${server.url}' -c "${arrived}" > ${file}`);
  // Pending writes must not slow down the next measurement.
  await query(server.url, 'CHECKPOINT');
}

try {
  await query(
    server.url,
    ...wideTable('wide', rows),
    "ALTER TABLE wide ADD updated timestamptz NOT NULL DEFAULT '2026-01-01Z'",
  );
  await query(server.url, 'CREATE INDEX ON wide (updated)', 'VACUUM (ANALYZE, FREEZE) wide');
  await query(target, ...wideTable('theirs', 0), 'ALTER TABLE theirs ADD updated timestamptz NOT NULL');
  await writeFile(
    pipeline,
    JSON.stringify({
      name: 'bench',
      source: {
        use: 'postgres',
        config: { url: server.url, tables: ['wide'] },
        streams: [{ name: 'wide', as: 'ours', cursor: 'updated' }],
      },
      destination: { use: 'postgres', config: { url: target }, disposition: 'merge' },
      staging: join(folder, 'staging'),
    }),
  );
  await aries('run', pipeline);
  await runShell(
    `psql -qAt '${server.url}' -c 'COPY wide TO STDOUT' | psql -qAt '${target}' -c 'COPY theirs FROM STDIN'`,
  );
  await query(target, 'VACUUM (ANALYZE, FREEZE) ours', 'VACUUM (ANALYZE, FREEZE) theirs');
  for (let round = 0; round < Number(values.rounds); round++) {
    await change(2 * round);
    theirs.push(await upsert());
    whole.push(await aries('run', pipeline));
    await change(2 * round + 1);
    await upsert();
    const step = [pipeline, '--run-id', `round-${round}`, '--step'] as const;
    await aries('run', ...step, 'extract');
    loads.push(await aries('run', ...step, 'load'));
    console.error(`round ${round + 1} of ${values.rounds}`);
  }
  const contents = async (url: string, table: string) =>
    JSON.stringify(await query(url, `SELECT ${CONTENTS} FROM ${table} AS wide`));
  const expected = await contents(server.url, 'wide');
  for (const table of ['ours', 'theirs']) {
    const found = await contents(target, table);
    if (found !== expected) throw new Error(`${table} is not equal to the source: ${found} instead of ${expected}`);
  }
  const runs = {
    'psql, INSERT … ON CONFLICT from a file': theirs,
    'aries load, merge': loads,
    'aries run, cursor and merge (it reads the source as well)': whole,
  };
  const table = asTable(`${rows.toLocaleString('en')} rows, 1 % changed`, runs, { things: 'rows', count: changed });
  if (values.json) console.log(JSON.stringify(table));
  else console.table(table);
} finally {
  await rm(folder, { recursive: true, force: true });
}
