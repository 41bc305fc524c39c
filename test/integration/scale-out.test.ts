import { rm, writeFile } from 'node:fs/promises';
import { createServer, connect as dial, type Server } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { createBucket } from '../services/bucket.ts';
import { freshDatabase } from '../services/database.ts';
import { startHosts } from '../services/network-hosts.ts';

const PARTITIONS = 8;
const ROWS = 60_000;

const s3 = inject('s3');
const hosts = await startHosts(PARTITIONS);
const missing = !hosts.available ? hosts.reason : s3.state !== 'ready' ? s3.reason : undefined;
if (missing !== undefined) console.warn(`Scaling out: its test is skipped. ${missing}`);

test.skipIf(missing !== undefined)(
  'eight hosts extract eight partitions of a table that is being updated, and leave what one process leaves',
  async () => {
    if (!hosts.available || s3.state !== 'ready') return;
    await using cleanup = new AsyncDisposableStack();
    cleanup.use(hosts);
    const { url } = cleanup.use(await freshDatabase());
    const folder = cleanup.adopt(await temporaryFolder(), (path) => rm(path, { recursive: true }));
    const client = cleanup.adopt(new pg.Client(url), (open) => open.end());
    await client.connect();
    const sql = async (statement: string) => (await client.query(statement)).rows;
    await sql('CREATE SCHEMA copy; CREATE SCHEMA alone');
    await sql(
      'CREATE TABLE items (id bigint PRIMARY KEY, note text, at timestamptz NOT NULL DEFAULT clock_timestamp())',
    );
    await sql(`INSERT INTO items SELECT n, repeat(md5(n::text), 4) FROM generate_series(1, ${ROWS}) n; ANALYZE items`);

    // The hosts reach the database and the S3 server only over the network.
    const database = new URL(url);
    const endpoint = new URL(s3.endpoint);
    database.host = await forward(cleanup, hosts.address, Number(database.port));
    endpoint.host = await forward(cleanup, hosts.address, Number(endpoint.port));
    const staging = `s3://${await createBucket(s3)}?endpoint=${encodeURIComponent(endpoint.href)}&region=${s3.region}`;
    const pipelineInto = async (schema: string) => {
      const file = join(folder, `${schema}.json`);
      const streams = [{ name: 'items', cursor: 'at' }];
      await writeFile(
        file,
        JSON.stringify({
          name: schema,
          source: { use: 'postgres', config: { url: '${env:DATABASE_URL}', tables: ['items'] }, streams },
          destination: { use: 'postgres', config: { url: '${env:DATABASE_URL}', schema }, disposition: 'merge' },
          staging,
        }),
      );
      return file;
    };
    const [copy, alone] = [await pipelineInto('copy'), await pipelineInto('alone')];
    const env = {
      DATABASE_URL: database.href,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    };
    const task = (within: string[], ...args: string[]) => runAries(['run', copy, ...args], { env, within });
    const extract = (host: number, runId: string, ...args: string[]) =>
      task(hosts.hosts[host]!, '--step', 'extract', '--run-id', runId, ...args);

    const plan = await extract(0, 'one', '--plan', '--partitions', String(PARTITIONS));
    expect(plan.result.partitions).toHaveLength(PARTITIONS);

    let updating = true;
    const updates = (async () => {
      for (let turn = 0; updating; turn++) {
        await sql(`UPDATE items SET note = 'turn ${turn}', at = clock_timestamp() WHERE id % 97 = ${turn % 97}`);
        await sql(`INSERT INTO items SELECT max(id) + 1, 'new' FROM items`);
      }
    })();
    const killed = 5;
    const ends = await Promise.all(
      plan.result.partitions.map((id: string, host: number) =>
        runAries(['run', copy, '--step', 'extract', '--run-id', 'one', '--partition', id], {
          env,
          within: hosts.hosts[host]!,
          ...(host === killed
            ? { onOutput: (text, kill) => void (text.includes('incremental read') && kill('SIGKILL')) }
            : {}),
        }),
      ),
    );
    expect(ends.map(({ code }) => code)).toEqual(ends.map((_, host) => (host === killed ? null : 0)));

    const early = await task(hosts.hosts[0]!, '--step', 'load', '--run-id', 'one');
    expect(early.code).toBe(75);
    expect(early.result.error.message).toContain(`lacks 1 of its ${PARTITIONS} partitions: items.${killed}`);
    const again = await extract(killed, 'one', '--partition', `items.${killed}`);
    expect(again.code).toBe(0);
    updating = false;
    await updates;

    const loaded = await task(hosts.hosts[1]!, '--step', 'load', '--run-id', 'one');
    expect(loaded.result.streams.items.records).toBeGreaterThanOrEqual(ROWS);
    // Partitions were read at different times, so rows that changed meanwhile may be older. Each is there once.
    const [{ lost, extra }] = await sql(
      `SELECT count(*) FILTER (WHERE c.id IS NULL AND i.id <= ${ROWS})::int AS lost, count(*) FILTER (WHERE i.id IS NULL)::int AS extra
         FROM items i FULL JOIN copy.items c USING (id)`,
    );
    expect({ lost, extra }).toEqual({ lost: 0, extra: 0 });

    // The next run finds the changes, and then the copy equals that of a single process.
    await extract(2, 'two', '--plan', '--partitions', '3');
    await Promise.all([0, 1, 2].map((index) => extract(index, 'two', '--partition', `${index}/3`)));
    expect((await task(hosts.hosts[3]!, '--step', 'load', '--run-id', 'two')).code).toBe(0);
    expect((await runAries(['run', alone, '--run-id', 'one'], { env })).code).toBe(0);
    expect(
      await sql('(TABLE copy.items EXCEPT TABLE alone.items) UNION ALL (TABLE alone.items EXCEPT TABLE copy.items)'),
    ).toEqual([]);
    expect(await sql('SELECT count(*) FROM copy.items')).toEqual(await sql('SELECT count(*) FROM items'));
  },
  180_000,
);

/** Forwards connections on an address of the bridge to a server on this machine; returns the address. */
async function forward(cleanup: AsyncDisposableStack, address: string, port: number): Promise<string> {
  const server: Server = createServer((socket) => {
    const onward = dial(port, '127.0.0.1');
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.pipe(to);
      from.on('error', () => to.destroy());
    }
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  cleanup.defer(() => void server.close());
  return `${address}:${(server.address() as { port: number }).port}`;
}
