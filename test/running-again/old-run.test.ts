import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectorUse, extract, load } from '@aries-data/engine';
import { defineSource } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { destination as file } from '../../connectors/file/src/destination/destination.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { duckdbTarget, postgresTarget } from './targets.ts';

/** More loads than a ledger lists, as an earlier version of Aries left them. */
const OLD = 200;

let last = 0;
const source = defineSource({
  config: z.object({}),
  streams: ({ stream }) => ({
    items: stream({
      schema: z.object({ id: z.int() }),
      primaryKey: ['id'],
      cursor: 'id',
      async *read({ window }) {
        const since = Number(window.since ?? 0);
        yield Array.from({ length: last - since }, (_, index) => ({ id: since + index + 1 }));
      },
    }),
  }),
});

interface World {
  destination: ConnectorUse;
  /** Reads the IDs of the runs that the ledger lists, oldest first. */
  runs(): Promise<string[]>;
  /** Adds so many rows to the ledger, after its second. */
  age(rows: number): Promise<void>;
  items?: () => Promise<Record<string, unknown>[]>;
  disposition: 'merge' | 'append' | 'replace';
}

const WORLDS: Record<string, (folder: string, stack: AsyncDisposableStack) => Promise<World>> = {
  postgres: async (_, stack) => sqlWorld(stack.use(await postgresTarget())),
  duckdb: async (folder, stack) => sqlWorld(stack.use(await duckdbTarget(folder))),
  async file(folder) {
    const path = join(folder, 'out');
    await mkdir(path);
    const newest = async () => {
      const names = (await readdir(join(path, '_aries'))).filter((name) => name.endsWith('.ndjson')).sort();
      return join(path, '_aries', names.at(-1)!);
    };
    const lines = async () => (await readFile(await newest(), 'utf8')).trimEnd().split('\n');
    const connector = { name: 'file', version: '1.0.0', destination: file };
    return {
      destination: { connector, config: { path, format: 'ndjson' } },
      disposition: 'append',
      runs: async () => (await lines()).map((line) => JSON.parse(line).runId).filter((run) => run !== undefined),
      async age(rows) {
        const [first, second = '', ...others] = await lines();
        const old = Array.from({ length: rows }, (_, number) =>
          JSON.stringify({ ...JSON.parse(second), runId: `old-${number}`, digest: `sha256-${number}` }),
        );
        await writeFile(await newest(), `${[first, second, ...old, ...others].join('\n')}\n`);
      },
    };
  },
};

function sqlWorld(target: Awaited<ReturnType<typeof postgresTarget>>): World {
  const { connector, destination, config, sql, rows } = target;
  return {
    destination: { connector: { name: connector, version: '1.0.0', destination }, config },
    disposition: 'merge',
    runs: async () => (await sql('SELECT run_id FROM _aries_ledger ORDER BY entry')).map((row) => String(row.run_id)),
    async age(count) {
      const [first = {}] = await sql('SELECT * FROM _aries_ledger ORDER BY entry LIMIT 1');
      const names = Object.keys(first).filter((name) => !['entry', 'run_id', 'digest'].includes(name));
      await sql(`UPDATE _aries_ledger SET entry = entry + ${count} WHERE entry > 2`);
      await sql(
        `INSERT INTO _aries_ledger (entry, run_id, digest, ${names.join(', ')})
         SELECT 2 + n, 'old-' || n, 'sha256-' || n, ${names.join(', ')} FROM _aries_ledger, generate_series(1, ${count}) AS old(n) WHERE entry = 2`,
      );
    },
    items: () => rows('items', 'here'),
  };
}

test.each(Object.keys(WORLDS))('an old run of %s is refused once the ledger has forgotten it', async (into) => {
  await using stack = new AsyncDisposableStack();
  const folder = await temporaryFolder();
  const { destination, disposition, runs, age, items } = await WORLDS[into]!(folder, stack);
  last = 0;
  const staging = join(folder, 'staging');
  async function extracted(runId: string): Promise<string> {
    last += 1;
    const connector = { name: 'counting', version: '1.0.0', source };
    const { dataset } = await extract({ source: { connector, config: {} }, staging, name: 'job', runId });
    return dataset;
  }
  async function loaded(dataset: string) {
    const { streams } = await load({ destination, input: [dataset], disposition });
    return streams.items!;
  }
  // The ledger keeps the first row of a table, because the fields changed with it.
  await loaded(await extracted('before'));
  const first = await extracted('first');
  await loaded(first);
  const second = await extracted('second');
  await loaded(second);
  await age(OLD);
  expect(await loaded(first)).toMatchObject({ outcome: 'already-loaded' });
  const third = await extracted('third');
  expect(await loaded(third)).toMatchObject({ outcome: 'loaded', records: 1 });

  const listed = await runs();
  expect(listed.length).toBeGreaterThan(100);
  expect(listed.length).toBeLessThan(110);
  expect(listed).not.toContain('first');
  expect(listed.slice(-2)).toEqual(['second', 'third']);
  for (const dataset of [second, third]) {
    expect(await loaded(dataset)).toMatchObject({ outcome: 'already-loaded' });
  }
  await expect(loaded(first)).rejects.toMatchObject({
    code: 'LOAD_REFUSED',
    message: expect.stringContaining(
      disposition === 'merge' ? 'no longer lists every load of that time' : 'appending would repeat records',
    ),
  });
  expect(await loaded(await extracted('next'))).toMatchObject({ outcome: 'loaded', records: 1 });
  expect(await runs()).toEqual([...listed, 'next']);
  if (items === undefined) return;
  expect((await items()).map((row) => Number(row.id)).sort()).toEqual([1, 2, 3, 4, 5]);
});
