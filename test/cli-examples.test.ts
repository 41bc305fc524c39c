import { symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from '../packages/cli/src/commands.ts';
import { runHere } from '../packages/cli/src/testing/run-here.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { type FreshDatabase, freshDatabase } from './services/database.ts';

/** Examples that delete something run last. */
const LAST = new Set(['dataset rm', 'state reset']);

/** `aries new` asks questions and runs npm; `new.test.ts` and `integration/outside.test.ts` test it. */
const ELSEWHERE = new Set(['new connector']);

const examples = Object.entries(COMMANDS)
  .filter(([id]) => !ELSEWHERE.has(id))
  .flatMap(([id, { examples = [] }]) =>
    examples.map((example) => ({ id, command: example.replace('<%= config.bin %>', 'aries') })),
  )
  // It runs until a signal: `docs-commands.test.ts` stops such commands.
  .filter(({ command }) => !command.includes(' --follow'))
  .sort((a, b) => Number(LAST.has(a.id)) - Number(LAST.has(b.id)));
const before = process.cwd();
let database: FreshDatabase;
let folder: string;

beforeAll(async () => {
  database = await freshDatabase();
  folder = await temporaryFolder();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);
    INSERT INTO users VALUES (1, 'a@example.com'), (2, 'b@example.com');
    CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL);
    INSERT INTO orders VALUES (1, 2);
  `);
  await client.end();
  const files = {
    'postgres.yaml': `url: ${database.url}\n`,
    'shop-log.yaml': `url: ${database.url}\nmode: log\nslot: aries_shop\n`,
    'cities.json': '[{"name":"Bonn"},{"name":"Ulm"}]',
    'orders.ndjson': '{"id":1,"at":"2026-01-30T12:00:00Z"}\n',
    'clean.ts': `import { defineTransform } from '@aries-data/sdk';
export const transform = defineTransform({ map: (user) => ({ ...user, email: user.email.toLowerCase() }) });
`,
    'pipeline.yaml': `name: orders
source:
  use: file
  config: { url: ./orders.ndjson }
  streams: [{ name: orders, primaryKey: [id], cursor: at }]
destination: { use: duckdb, config: { path: ./orders.duckdb } }
staging: ./staging
schedule: "0 6 * * *"
`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  for (const name of ['connectors', 'node_modules'])
    await symlink(resolve(import.meta.dirname, '..', name), join(folder, name));
  process.chdir(folder);
  const run = 'extract postgres --config @postgres.yaml --streams users --staging ./staging --name users --run-id 1';
  expect(await runHere(run.split(' '))).toMatchObject({ code: 0 });
});
afterAll(async () => {
  process.chdir(before);
  await database[Symbol.asyncDispose]();
});

test.each(examples)('$command', async ({ command }) => {
  const { code, result, stderr } = await runHere(wordsOf(command));
  expect({ code, error: result.error, log: code === 0 ? '' : stderr }).toEqual({ code: 0, error: undefined, log: '' });
});

/** Splits a command into arguments as a shell does, with staging in the test's folder. */
function wordsOf(command: string): string[] {
  const ofAries = command.slice('aries '.length).split(/ [|>] /)[0]!;
  return [...ofAries.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word = '']) =>
    (quoted ?? word).replace(/^(file:\/\/\/data|s3:\/\/bucket)\/staging/, join(folder, 'staging')),
  );
}
