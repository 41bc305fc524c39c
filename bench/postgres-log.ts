/**
 * Measures how fast Aries reads the log of PostgreSQL, against pg_recvlogical, which writes it to a file without looking at it. All take
 * turns; results are medians, as multiples of the baseline's speed.
 *
 *     node bench/postgres-log.ts [--changes N] [--rounds N] [--json]
 *
 * Needs pg_recvlogical.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { bundle } from '../packages/cli/bundle.ts';
import { startPostgres } from '../test/services/postgres.ts';
import { query } from '../test/services/query.ts';
import { asTable } from './incremental-table.ts';
import { programOf } from './programs.ts';
import { type Run, runNode, runShell } from './run-process.ts';

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '600000' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  },
});
const changes = Number(values.changes);
const rounds = Number(values.rounds);
const root = fileURLToPath(new URL('..', import.meta.url));
const recvlogical = programOf('pg_recvlogical');
if (recvlogical === undefined) throw new Error('This machine has no pg_recvlogical');

await using server = await startPostgres({
  settings: { wal_level: 'logical', shared_buffers: '256MB', max_wal_size: '8GB', checkpoint_timeout: '1h' },
});
const folder = await mkdtemp(join(tmpdir(), 'aries-bench-'));
await bundle(join(root, 'packages/cli/dist'));
const aries = join(root, 'packages/cli/dist/main.js');

try {
  await query(
    server.url,
    'CREATE SCHEMA copy',
    `CREATE TABLE items (id bigint PRIMARY KEY, title text, email text, latitude double precision, count int, active boolean,
                         created_at timestamptz, note text)`,
  );
  const pipeline = join(folder, 'pipeline.json');
  const config = { url: server.url, mode: 'log', slot: 'bench', tables: ['items'] };
  await writeFile(
    pipeline,
    JSON.stringify({
      name: 'bench',
      source: { use: 'postgres', config },
      destination: { use: 'postgres', config: { url: server.url, schema: 'copy' } },
      staging: join(folder, 'staging'),
    }),
  );
  // The first run makes the slot and the state. The extracts after it all begin there, because nothing is loaded.
  await runNode([aries, 'run', pipeline]);
  await query(server.url, ...workload(changes));
  const [{ lsn }] = (await query(server.url, 'SELECT pg_current_wal_lsn()::text AS lsn')) as [{ lsn: string }];

  let turns = 0;
  const contests: Record<string, () => Promise<Run>> = {
    'pg_recvlogical to a file': async () => {
      const slot = `copy_${++turns}`;
      await query(server.url, `SELECT pg_copy_logical_replication_slot('bench', '${slot}')`);
      const line = `${recvlogical} -d '${server.url}' --slot ${slot} --start --endpos ${lsn} -o proto_version=1 -o publication_names=bench -f ${join(folder, 'log')} --no-loop`;
      const run = await runShell(`rm -f ${join(folder, 'log')}; ${line}`);
      await query(server.url, `SELECT pg_drop_replication_slot('${slot}')`);
      return run;
    },
    'changes as records': () =>
      runNode([fileURLToPath(new URL('read-log.ts', import.meta.url)), JSON.stringify(config)]),
    'aries extract, csv, zstd': () =>
      runNode([aries, 'run', pipeline, '--step', 'extract', '--run-id', `turn-${++turns}`]),
  };
  const runs: Record<string, Run[]> = Object.fromEntries(Object.keys(contests).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(contests)) runs[name]!.push(await run());
    console.error(`round ${round + 1} of ${rounds}`);
  }
  const megabytes = Math.round((await stat(join(folder, 'log'))).size / 1e6);
  const what = `${changes.toLocaleString('en')} changes of a log, ${megabytes} MB`;
  const table = asTable(what, runs, { things: 'changes', count: changes });
  if (values.json) console.log(JSON.stringify(table));
  else console.table(table);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** Returns statements that make so many changes: half of them in small transactions of three, half in one large transaction. */
function workload(count: number): string[] {
  const row = `'title ' || i, 'user' || i || '@example.com', i / 7.0, i % 1000, i % 2 = 0, now(), CASE WHEN i % 3 = 0 THEN repeat('note, ', 10) END`;
  return [
    `DO $$ BEGIN
       FOR i IN 1..${Math.floor(count / 6)} LOOP
         INSERT INTO items VALUES (i, ${row});
         UPDATE items SET count = count + 1 WHERE id = i;
         DELETE FROM items WHERE id = i - 100;
         COMMIT;
       END LOOP;
     END $$`,
    `INSERT INTO items SELECT i, ${row} FROM generate_series(1000001, ${1_000_000 + Math.floor(count / 2)}) AS i`,
  ];
}
