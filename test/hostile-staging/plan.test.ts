import { extract, planExtract } from '@aries-data/engine';
import type { Source } from '@aries-data/sdk';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { source } from '../../connectors/postgres/src/source/source.ts';
import { memoryStaging } from '../../packages/stores/src/memory.ts';
import type { Store } from '../../packages/stores/src/store.ts';
import { freshDatabase } from '../services/database.ts';
import { copyOf, keysOf, tamper } from './tamper.ts';

let store: Store;
let options: Parameters<typeof planExtract>[0];

beforeAll(async () => {
  const { url } = await freshDatabase();
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`
    CREATE TABLE orders (id bigint PRIMARY KEY);
    INSERT INTO orders SELECT generate_series(1, 40);
    CREATE TABLE events (id bigint, month int, PRIMARY KEY (id, month)) PARTITION BY LIST (month);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
    CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2);
    INSERT INTO events VALUES (1, 1), (2, 2);
    CREATE SCHEMA private;
    CREATE TABLE private.vault (id bigint, month int);
    INSERT INTO private.vault VALUES (99, 99)`);
  await client.end();
  store = memoryStaging();
  options = {
    source: { connector: { name: 'postgres', version: '0', source: source as Source }, config: { url } },
    staging: store,
    name: 'job',
    runId: 'one',
    partitions: 3,
  };
  await planExtract(options);
});

type Piece = { id: string; stream: string; others?: string[]; partition?: Record<string, unknown> };

test.each<[what: string, partition: string, change: (pieces: Piece[]) => void]>([
  [
    'a table of another schema',
    'events.0',
    ([first]) => Object.assign(first!.partition!, { schema: 'private', table: 'vault' }),
  ],
  ['the partitioned table itself', 'events.0', ([first]) => Object.assign(first!.partition!, { table: 'events' })],
  [
    'a table for a stream that has ranges',
    'orders.0',
    (pieces) => Object.assign(pieces[2]!.partition!, { schema: 'private', table: 'vault' }),
  ],
  ['one table twice', 'events.0', (pieces) => Object.assign(pieces[1]!.partition!, pieces[0]!.partition)],
  ['a digit of a range', 'orders.1', (pieces) => Object.assign(pieces[3]!.partition!, { last: '9' })],
  ['a range that begins elsewhere', 'orders.1', (pieces) => Object.assign(pieces[3]!.partition!, { after: '20' })],
  ['a range without its end', 'orders.0', (pieces) => void delete pieces[2]!.partition!.last],
  [
    'SQL in a range',
    'orders.0',
    (pieces) => {
      const last = "1'::bigint OR true --";
      Object.assign(pieces[2]!.partition!, { last });
      Object.assign(pieces[3]!.partition!, { after: last });
    },
  ],
  ['a partition left out', 'orders.0', (pieces) => void pieces.splice(3, 1)],
  [
    'a partition of a stream that is not planned',
    'orders.0',
    ([first]) => Object.assign(first!, { stream: 'constructor' }),
  ],
  ['all of a stream next to its pieces', 'orders.0', (pieces) => void pieces.push({ id: 'all', stream: 'orders' })],
  ['a stream in the pieces of another', 'events.0', ([first]) => Object.assign(first!, { others: ['orders'] })],
  [
    'a stream twice in a partition',
    'all',
    (pieces) => void pieces.splice(2, 2, { id: 'all', stream: 'orders', others: ['orders'] }),
  ],
  [
    'a stream that is not planned, next to one that is',
    'all',
    (pieces) => {
      pieces.splice(2, 2, { id: 'all', stream: 'orders', others: ['vault'] });
    },
  ],
  ['an id that is a path', 'orders.0', ([first]) => Object.assign(first!, { id: '../../../escaped' })],
])('%s in a plan is refused with 65', async (_, partition, change) => {
  const copy = await copyOf(store);
  await tamper<{ partitions: Piece[] }>(copy, 'job/one/plan.json', ({ partitions }) => change(partitions));
  const before = await keysOf(copy, '');
  await expect(extract({ ...options, staging: copy, partition })).rejects.toMatchObject({ exitCode: 65 });
  expect((await keysOf(copy, '')).filter((key) => !before.includes(key))).toEqual([]);
});

test('an unchanged plan is read', async () => {
  const copy = await copyOf(store);
  const { streams } = await extract({ ...options, staging: copy, partition: '0/1' });
  expect(streams).toMatchObject({ events: { records: 2 }, orders: { records: 40 } });
});
