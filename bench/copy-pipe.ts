/**
 * Does what psql does, for machines without it: pipes one connection's COPY into another's, or to or from a file.
 *
 *     node bench/copy-pipe.ts URL 'COPY a TO STDOUT' URL 'COPY b FROM STDIN'
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';

const ofPostgres = createRequire(new URL('../connectors/postgres/package.json', import.meta.url));
const streams = ofPostgres('pg-copy-streams') as {
  to(sql: string): pg.Submittable & Readable;
  from(sql: string): pg.Submittable & Writable;
};

const [from = '', out = '', to = '', into = ''] = process.argv.slice(2);
const clients: pg.Client[] = [];

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  clients.push(client);
  return client;
}

// If the second argument is empty, the first is a file.
const source =
  out === '' ? createReadStream(from, { highWaterMark: 262_144 }) : (await connected(from)).query(streams.to(out));
const sink = into === '' ? createWriteStream(to) : (await connected(to)).query(streams.from(into));
await pipeline(source, sink);
for (const client of clients) await client.end();
