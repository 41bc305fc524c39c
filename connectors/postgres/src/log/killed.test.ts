import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { seeded, start, succeeded } from '../../../../test/running-again/commands.ts';
import { logDatabase } from '../testing/log/log-database.ts';

const database = logDatabase();
const { run } = database;

/** Writes until it is stopped. Each transaction takes from one account and gives to another, and says so in `moves`. */
async function writer(seed: number, isOver: () => boolean): Promise<void> {
  const client = new pg.Client(database.url);
  await client.connect();
  let state = seed;
  const random = (count: number) => {
    state = (state * 48271) % 2147483647;
    return state % count;
  };
  for (let move = 0; !isOver(); move++) {
    const [from, to, amount] = [random(200), random(200), random(50)];
    const id = seed * 1_000_000 + move;
    const steps = [
      'BEGIN',
      `UPDATE shop.accounts SET amount = amount - ${amount} WHERE id = ${from}`,
      `SAVEPOINT s; UPDATE shop.accounts SET amount = amount + 1000000 WHERE id = ${to}; ROLLBACK TO s`,
      `UPDATE shop.accounts SET amount = amount + ${amount} WHERE id = ${to}`,
      `INSERT INTO shop.moves VALUES (${id}, ${amount}, NULL)`,
      move % 5 === 4 ? `DELETE FROM shop.moves WHERE id = ${id - 3}` : 'SELECT',
      move % 7 === 6 ? `UPDATE shop.moves SET id = -id WHERE id = ${id - 1}` : 'SELECT',
      move % 50 === 49
        ? `INSERT INTO shop.moves SELECT ${id} * 1000 + i, 0, repeat('x', 500) FROM generate_series(1, 900) AS i`
        : 'SELECT',
      move % 11 === 10 ? 'ROLLBACK' : 'COMMIT',
    ];
    // Two writers may wait for each other.
    await client.query(steps.join(';')).catch((error) => {
      if (error.code !== '40P01') throw error;
      return client.query('ROLLBACK');
    });
  }
  await client.end();
}

test('runs that are killed at any moment, while others write: every run that ends has whole transactions, and in the end nothing is lost or repeated', {
  timeout: 900_000,
}, async () => {
  const random = seeded();
  await run(
    'CREATE SCHEMA shop',
    'CREATE SCHEMA copy',
    'CREATE TABLE shop.accounts (id int PRIMARY KEY, amount bigint NOT NULL)',
    'INSERT INTO shop.accounts SELECT i, 0 FROM generate_series(0, 199) AS i',
    'CREATE TABLE shop.moves (id bigint PRIMARY KEY, amount int NOT NULL, note text)',
  );
  const folder = await temporaryFolder();
  const file = join(folder, 'pipeline.json');
  await writeFile(
    file,
    JSON.stringify({
      name: 'shop',
      source: { use: 'postgres', config: { url: database.url, schema: 'shop', mode: 'log', slot: 'aries_shop' } },
      destination: { use: 'postgres', config: { url: database.url, schema: 'copy' } },
      staging: pathToFileURL(join(folder, 'staging')).href,
    }),
  );
  let over = false;
  const writers = [1, 2].map((seed) => writer(seed, () => over));
  let [killed, ended] = [0, 0];
  for (let round = 0; round < 9; round++) {
    const one = start(['run', file, '--run-id', `run-${round}`]);
    if (round % 3 !== 2) {
      await Promise.race([sleep(random() * 5000), one.done]);
      one.kill('SIGKILL');
    }
    const result = await one.done;
    if (result.code === 0) {
      ended++;
      // Money only moves, so a transaction of which half is missing would show.
      expect(await run('SELECT sum(amount)::int AS sum FROM copy.accounts')).toEqual([{ sum: 0 }]);
    } else {
      killed++;
      // A run may meet the locks of the one before it, whose session the server has not ended yet.
      if (result.code !== null) expect(result).toMatchObject({ code: 75 });
    }
  }
  over = true;
  await Promise.all(writers);
  succeeded(await start(['run', file, '--run-id', 'last']).done);
  expect(killed).toBeGreaterThan(1);
  expect(ended).toBeGreaterThan(1);
  for (const [table, columns] of [
    ['accounts', 'id, amount'],
    ['moves', 'id, amount, note'],
  ]) {
    expect(
      await run(
        `(SELECT 'lost', ROW(${columns})::text FROM shop.${table} EXCEPT ALL SELECT 'lost', ROW(${columns})::text FROM copy.${table})
           UNION ALL (SELECT 'too much', ROW(${columns})::text FROM copy.${table} EXCEPT ALL SELECT 'too much', ROW(${columns})::text FROM shop.${table}) LIMIT 5`,
      ),
    ).toEqual([]);
  }
  const [slots] = await run(`SELECT count(*)::int AS count FROM pg_replication_slots WHERE NOT temporary`);
  expect(slots).toEqual({ count: 1 });
});
