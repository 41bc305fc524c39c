import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { defineConformance } from '@aries-data/testing';

const day = (number: number) => `2026-01-${String(number).padStart(2, '0')}`;

/** How the rules of `aries test` are tried: with a database of some thousand rows. */
export const source = defineConformance({
  streams: [{ name: 'orders', cursor: 'at' }],
  async setup() {
    const folder = await mkdtemp(join(tmpdir(), 'my-database-'));
    const path = join(folder, 'shop.db');
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, at TEXT NOT NULL)');
    const add = database.prepare('INSERT INTO orders VALUES (?, ?, ?)');
    database.exec('BEGIN');
    for (let id = 1; id <= 3000; id++) add.run(id, `customer ${id}`, day(1 + (id % 9)));
    database.exec('COMMIT');
    return {
      database,
      add,
      config: { path },
      async [Symbol.asyncDispose]() {
        database.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  // Each step changes one row and adds two, one of them at the greatest date that is there.
  mutate(step, { database, add }) {
    database.exec(`UPDATE orders SET at = '${day(9 + step)}' WHERE id = ${step}`);
    add.run(4000 + step, 'at the boundary', day(8 + step));
    add.run(5000 + step, 'new', day(9 + step));
  },
});
