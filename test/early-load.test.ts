import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runPipeline, showState } from '@aries-data/engine';
import { checkpoint, defineSource } from '@aries-data/sdk';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { destination } from '../connectors/postgres/src/destination/destination.ts';
import { temporaryFolder } from './folders/temporary-folder.ts';
import { freshDatabase } from './services/database.ts';

/** Longer than the first pause between checkpoints, so that what was read before becomes durable. */
const PAUSE_MILLISECONDS = 600;

interface Row {
  id: number;
  at: string;
  note: string;
}

const row = (id: number, note = `note ${id}`): Row => ({ id, at: `2026-01-0${id}T00:00:00Z`, note });

/** Makes a pipeline with a source that stops half-way, where the test looks at the database. */
async function pipeline(options: { disposition?: string; maxRejected?: number } = {}) {
  const folder = await temporaryFolder();
  const database = await freshDatabase();
  const client = new pg.Client(database.url);
  await client.connect();
  const file = join(folder, 'job.json');
  await writeFile(
    file,
    JSON.stringify({
      name: 'job',
      source: { use: 'rows', streams: ['items'] },
      destination: { use: 'postgres', config: { url: database.url }, disposition: options.disposition },
      staging: join(folder, 'staging'),
      ...(options.maxRejected === undefined ? {} : { maxRejected: options.maxRejected }),
    }),
  );
  const self = {
    rows: [] as Row[],
    /** Runs once the first half is durable. */
    async inTheMiddle(): Promise<void> {},
    sql: async (statement: string) => (await client.query(statement)).rows,
    /** Counts the rows in load tables. */
    async loaded(): Promise<number> {
      const tables = await self.sql(`SELECT tablename FROM pg_tables WHERE tablename LIKE '\\_aries\\_load\\_%'`);
      let count = 0;
      for (const { tablename } of tables)
        count += Number((await self.sql(`SELECT count(*) FROM ${tablename}`))[0].count);
      return count;
    },
    async untilLoaded(count: number): Promise<void> {
      while ((await self.loaded()) < count) await sleep(10);
    },
    async run(runId: string, fullRefresh = false) {
      return runPipeline({
        file,
        runId,
        fullRefresh,
        env: {},
        loadConnector: async (use) =>
          use === 'rows'
            ? { name: 'rows', version: '0.0.0', source }
            : { name: 'postgres', version: '0.0.0', destination },
      });
    },
    notes: async () => (await self.sql('SELECT note FROM items ORDER BY id')).map(({ note }) => note),
    state: async () => (await showState({ staging: join(folder, 'staging'), name: 'job' })).streams.items,
    async [Symbol.asyncDispose]() {
      await client.end();
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      items: stream({
        schema: z.object({ id: z.int(), at: z.iso.datetime(), note: z.string() }),
        primaryKey: ['id'],
        cursor: 'at',
        async *read() {
          const half = Math.ceil(self.rows.length / 2);
          yield self.rows.slice(0, half);
          await sleep(PAUSE_MILLISECONDS);
          yield checkpoint({ read: half });
          await self.inTheMiddle();
          yield self.rows.slice(half);
        },
      }),
    }),
  });
  return self;
}

describe.concurrent('loading while the source is being read', () => {
  test.each(['replace', 'merge'])(
    'begins with the first durable part, and shows nothing before the end (%s)',
    async (disposition) => {
      await using job = await pipeline({ disposition });
      job.rows = [row(1), row(2)];
      await job.run('monday');
      job.rows = disposition === 'merge' ? [row(3), row(4)] : [row(1, 'new'), row(2, 'new'), row(3)];
      job.inTheMiddle = async () => {
        await job.untilLoaded(1);
        expect(await job.notes()).toEqual(['note 1', 'note 2']);
      };
      const { streams } = await job.run('tuesday', disposition === 'replace');
      expect(streams.items).toMatchObject({ outcome: 'loaded', disposition });
      expect(await job.notes()).toEqual(
        disposition === 'merge' ? ['note 1', 'note 2', 'note 3', 'note 4'] : ['new', 'new', 'note 3'],
      );
      expect(await job.loaded()).toBe(0);
    },
  );

  test('a source that fails leaves nothing behind; the retry resumes and loads everything', async () => {
    await using job = await pipeline({ disposition: 'merge' });
    job.rows = [row(1), row(2), row(3), row(4)];
    job.inTheMiddle = async () => {
      await job.untilLoaded(2);
      throw new Error('the source broke');
    };
    await expect(job.run('monday')).rejects.toThrow('the source broke');
    expect(await job.sql(`SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
    job.inTheMiddle = async () => {};
    await job.run('monday');
    expect(await job.notes()).toEqual(['note 1', 'note 2', 'note 3', 'note 4']);
  });

  test('if the table changes meanwhile, the load starts again with the changed table', async () => {
    await using job = await pipeline({ disposition: 'merge' });
    job.rows = [row(1)];
    await job.run('monday');
    job.rows = [row(2), row(3)];
    job.inTheMiddle = async () => {
      await job.untilLoaded(1);
      await job.sql('ALTER TABLE items ALTER COLUMN note TYPE varchar(40), ADD COLUMN more int');
    };
    await job.run('tuesday');
    expect(await job.notes()).toEqual(['note 1', 'note 2', 'note 3']);
    expect(await job.state()).toMatchObject({ cursor: row(3).at });
  });

  test('records that the table refuses are rejected with their reason', async () => {
    await using job = await pipeline({ disposition: 'merge' });
    job.rows = [row(1)];
    await job.run('monday');
    await job.sql(`ALTER TABLE items ADD CHECK (note <> 'bad')`);
    job.rows = [row(2, 'bad'), row(3), row(4), row(5)];
    await expect(job.run('tuesday')).rejects.toMatchObject({ exitCode: 65 });
    expect(await job.notes()).toEqual(['note 1']);
    expect(await job.loaded()).toBe(0);
  });
});
