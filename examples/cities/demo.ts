/** Runs the pipeline in this folder, then queries the database that it filled. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const root = resolve(import.meta.dirname, '../..');
const aries = resolve(root, 'packages/cli/src/main.ts');
const { status } = spawnSync(process.execPath, [aries, 'run', 'examples/cities/pipeline.yaml'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

const QUERY = `
  SELECT country, count(*) AS cities
  FROM cities
  GROUP BY country
  ORDER BY cities DESC, country
  LIMIT 10`;

const database = await DuckDBInstance.create(resolve(root, '.aries/demo.duckdb'), { access_mode: 'READ_ONLY' });
const connection = await database.connect();
const rows = (await connection.runAndReadAll(QUERY)).getRows();
console.log(`\nThe ten countries with the most cities, from .aries/demo.duckdb:\n${QUERY}\n`);
for (const [country, cities] of rows) console.log(`  ${String(country).padEnd(4)}${String(cities).padStart(7)}`);
connection.closeSync();
database.closeSync();
