import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConnectorUse, extract, load } from '@aries-data/engine';
import { defineSource } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { destination as file } from '../../connectors/file/src/destination/destination.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { duckdbTarget, postgresTarget } from './targets.ts';

/** More loads than a ledger lists. */
const RUNS = 205;

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
  /** Reads the rows of the ledger. Undefined if a test cannot. */
  ledger?: () => Promise<Record<string, unknown>[]>;
  items?: () => Promise<Record<string, unknown>[]>;
  disposition: 'merge' | 'append' | 'replace';
}

const WORLDS: Record<string, (folder: string, stack: AsyncDisposableStack) => Promise<World>> = {
  async postgres(_, stack) {
    const target = stack.use(await postgresTarget());
    return {
      destination: useOf(target),
      disposition: 'merge',
      ledger: () => target.sql('SELECT * FROM _aries_ledger ORDER BY entry'),
      items: () => target.rows('items', 'here'),
    };
  },
  async duckdb(folder, stack) {
    const target = stack.use(await duckdbTarget(folder));
    return {
      destination: useOf(target),
      disposition: 'merge',
      ledger: () => target.sql('FROM _aries_ledger ORDER BY entry'),
      items: () => target.rows('items', 'here'),
    };
  },
  async file(folder) {
    const path = join(folder, 'out');
    await mkdir(path);
    const connector = { name: 'file', version: '1.0.0', destination: file };
    return { destination: { connector, config: { path, format: 'ndjson' } }, disposition: 'append' };
  },
};

function useOf({ connector, destination, config }: Awaited<ReturnType<typeof postgresTarget>>): ConnectorUse {
  return { connector: { name: connector, version: '1.0.0', destination }, config };
}

test.each(Object.keys(WORLDS))('an old run of %s is refused once the ledger has forgotten it', async (into) => {
  await using stack = new AsyncDisposableStack();
  const folder = await temporaryFolder();
  const { destination, disposition, ledger, items } = await WORLDS[into]!(folder, stack);
  last = 0;
  const staging = join(folder, 'staging');
  const datasets: string[] = [];
  async function run(runId: string) {
    last += 1;
    const connector = { name: 'counting', version: '1.0.0', source };
    const { dataset } = await extract({ source: { connector, config: {} }, staging, name: 'job', runId });
    datasets.push(dataset);
    return again(dataset);
  }
  async function again(dataset: string) {
    const { streams } = await load({ destination, input: [dataset], disposition });
    return streams.items!;
  }
  for (let number = 1; number <= RUNS; number++) {
    expect(await run(`run-${number}`)).toMatchObject({ outcome: 'loaded', records: 1 });
  }
  if (ledger !== undefined) {
    const rows = await ledger();
    expect(rows.length).toBeGreaterThanOrEqual(100);
    expect(rows.length).toBeLessThan(110);
    expect(rows.map((row) => row.run_id)).toContain('run-205');
    expect(rows.map((row) => row.run_id)).not.toContain('run-1');
    expect(JSON.parse(String(rows.at(-1)!.forgotten))).toEqual({ last: expect.any(String) });
  }
  expect(await again(datasets.at(-1)!)).toMatchObject({ outcome: 'already-loaded' });
  expect(await again(datasets.at(-100)!)).toMatchObject({ outcome: 'already-loaded' });
  await expect(again(datasets[0]!)).rejects.toMatchObject({
    code: 'LOAD_REFUSED',
    message: expect.stringContaining(
      disposition === 'merge' ? 'no longer lists every load of that time' : 'appending would repeat records',
    ),
  });
  expect(await run('next')).toMatchObject({ outcome: 'loaded', records: 1 });
  if (items === undefined) return;
  const ids = (await items()).map((row) => Number(row.id)).sort((a, b) => a - b);
  expect(ids).toEqual(Array.from({ length: RUNS + 1 }, (_, index) => index + 1));
});
