import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { keepChanges, type Tables } from './kept-changes.ts';
import type { LogDatabase } from './log-database.ts';

/** The tables of the schema `shop`, with their keys. */
export const SHOP_TABLES = {
  accounts: ['id'],
  documents: ['id', 'part'],
  moves: ['id'],
  writers: ['id'],
} as const satisfies Tables;

const ACCOUNTS = 100;
const DOCUMENTS = 60;
/** Too large to be logged by changes of other columns. */
const BODY = `(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 90))`;

/** Makes the schema `shop`, which keeps all its changes (`keepChanges`). */
export async function makeShop({ run }: LogDatabase): Promise<void> {
  await run(
    'CREATE SCHEMA shop',
    'CREATE TABLE shop.accounts (id int PRIMARY KEY, amount bigint NOT NULL)',
    'CREATE TABLE shop.documents (id bigint, part int, title text, body text, PRIMARY KEY (id, part))',
    'ALTER TABLE shop.documents ALTER body SET STORAGE EXTERNAL',
    'CREATE TABLE shop.moves (id bigint PRIMARY KEY, amount int NOT NULL, note text)',
    'CREATE TABLE shop.writers (id int PRIMARY KEY, moves int NOT NULL)',
    'ALTER TABLE shop.writers REPLICA IDENTITY FULL',
    ...keepChanges('shop', SHOP_TABLES),
    `INSERT INTO shop.accounts SELECT i, 0 FROM generate_series(0, ${ACCOUNTS - 1}) AS i`,
    `INSERT INTO shop.documents SELECT i, part, 'first', ${BODY} FROM generate_series(1, ${DOCUMENTS}) AS i, generate_series(1, 2) AS part`,
  );
}

/**
 * Writes a query for what shows if a transaction is there only in part, in one table or in several: money only moves between accounts, and
 * writers count the moves that they leave. `rows` says how to read a table. Both are 0.
 */
export function halfTransactions(rows: (table: string) => string): string {
  return `SELECT (SELECT coalesce(sum(amount), 0) FROM ${rows('accounts')} AS a)::int AS money,
                 (SELECT count(*) FROM ${rows('moves')} AS m)::int - (SELECT coalesce(sum(moves), 0) FROM ${rows('writers')} AS w)::int AS moves`;
}

/** Does something while several connections write to the shop. Throws if one of them cannot. */
export async function whileOthersWrite(
  { url }: LogDatabase,
  random: () => number,
  work: () => Promise<void>,
): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  const writers = [1, 2, 3].map((id) => write(url, { id, random: sequence(random()), isOver: () => over }));
  await Promise.all([work(), ...writers].map((one) => one.finally(end)));
}

/** Each writer has its own numbers, whatever the others do meanwhile. */
function sequence(seed: number): (count: number) => number {
  let state = Math.floor(seed * 2147483645) + 1;
  return (count) => {
    state = (state * 48271) % 2147483647;
    return state % count;
  };
}

interface Writer {
  id: number;
  random: (count: number) => number;
}

async function write(url: string, { id, random, isOver }: Writer & { isOver: () => boolean }): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    // Writers wait for each other now and then; all but one should soon go on.
    await client.query(`SET deadlock_timeout = '20ms'`);
    await client.query(`INSERT INTO shop.writers VALUES (${id}, 0)`);
    for (let turn = 0; !isOver(); turn++) {
      const [first, last] = transaction({ id, random }, id * 1_000_000 + turn);
      try {
        await client.query(first.join(';'));
        if (random(4) === 0) await sleep(random(40));
        await client.query(last.join(';'));
      } catch (error) {
        if ((error as pg.DatabaseError).code !== '40P01') throw error;
        await client.query('ROLLBACK');
      }
      await sleep(random(40));
    }
  } finally {
    await client.end();
  }
}

/** Returns the statements of a transaction, in two parts. `id` is a new number. */
function transaction({ id: writer, random }: Writer, id: number): [string[], string[]] {
  const [from, to, amount] = [random(ACCOUNTS), random(ACCOUNTS), random(50)];
  const count = (moves: string) => `UPDATE shop.writers SET moves = moves + ${moves} WHERE id = ${writer}`;
  const document = `id = ${1 + random(DOCUMENTS)} AND part = ${1 + random(2)}`;
  const others: (() => string[])[] = [
    () => [
      `WITH gone AS (DELETE FROM shop.moves WHERE id IN (${id - 1 - random(5)}, ${id - 6}, ${1 - id}) RETURNING 1) ${count('(SELECT -count(*) FROM gone)')}`,
    ],
    () => [`UPDATE shop.moves SET id = -id WHERE id = ${id - 1 - random(3)}`],
    () => [`UPDATE shop.documents SET title = 'title ${id}' WHERE ${document}`],
    () => [`UPDATE shop.documents SET title = 'title ${id}', body = ${BODY} WHERE ${document}`],
    // Its body moves to the new key without being logged.
    () => [`UPDATE shop.documents SET id = ${id} WHERE ${document}`],
    () => [`UPDATE shop.documents SET id = ${id}, title = 'moved' WHERE id = (SELECT max(id) FROM shop.documents)`],
    () => [
      `UPDATE shop.documents SET id = ${id} WHERE ${document}`,
      `UPDATE shop.documents SET title = 'moved twice', id = -id WHERE id = ${id}`,
    ],
    () => [`DELETE FROM shop.documents WHERE ${document}`],
    () => [
      `DELETE FROM shop.documents WHERE ${document}`,
      `INSERT INTO shop.documents SELECT i, part, 'again', ${BODY} FROM generate_series(1, ${DOCUMENTS}) AS i, generate_series(1, 2) AS part WHERE random() < 0.1 ON CONFLICT DO NOTHING`,
    ],
    () => [`UPDATE shop.documents SET title = title WHERE ${document}`],
    () => [
      `INSERT INTO shop.moves SELECT ${id * 1000} + i, 0, repeat('x', 500) FROM generate_series(1, 300) AS i`,
      count('300'),
    ],
    () => ['TRUNCATE shop.moves', 'UPDATE shop.writers SET moves = 0'],
    () => ['TRUNCATE shop.documents'],
  ];
  // Those at the end of the list are rare.
  const chosen = Math.min(random(others.length), random(others.length + 2), random(others.length + 2));
  return [
    [
      'BEGIN',
      `UPDATE shop.accounts SET amount = amount - ${amount} WHERE id = ${from}`,
      `SAVEPOINT s`,
      ...(random(3) > 0
        ? []
        : [
            `UPDATE shop.accounts SET amount = amount + 1000000 WHERE id = ${to}`,
            `INSERT INTO shop.moves VALUES (${-id}, 0, 'rolled back')`,
            `DELETE FROM shop.documents WHERE ${document}`,
            'ROLLBACK TO s',
          ]),
    ],
    [
      `UPDATE shop.accounts SET amount = amount + ${amount} WHERE id = ${to}`,
      `INSERT INTO shop.moves VALUES (${id}, ${amount}, NULL)`,
      count('1'),
      ...others[chosen]!(),
      random(11) === 0 ? 'ROLLBACK' : 'COMMIT',
    ],
  ];
}
