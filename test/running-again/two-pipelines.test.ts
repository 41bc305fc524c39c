import { type LoadOptions, readDataset } from '@aries-data/engine';
import type { Destination, LoadSession } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { changingShop } from './changing-shop.ts';
import { UNHURRIED } from './commands.ts';
import { type Item, item, operator, succeeded } from './operator.ts';

const TEN = Array.from({ length: 10 }, (_, index) => item(index, `2026-01-01T00:00:0${index}`));

test('two pipelines with the same source, run id and staging make two datasets', async () => {
  await using job = await operator({ items: TEN });
  const { dataset } = succeeded(await job.extract('monday'));
  await job.change(TEN.slice(0, 5));
  const other = succeeded(await job.extract('monday', [], { name: 'other job' }));
  expect(other.dataset).not.toBe(dataset);
  expect(succeeded(await job.extract('monday')).dataset).toBe(dataset);
  const records = async (uri: string): Promise<Item[]> => (await Array.fromAsync(await readDataset(uri))).flat();
  expect(await records(dataset)).toEqual(TEN);
  expect(await records(other.dataset)).toEqual(TEN.slice(0, 5));
});

/** Makes two pipelines in this process that load the same table in one database or folder. */
async function twoPipelines(into: 'postgres' | 'duckdb' | 'file') {
  const shop = await changingShop({ items: { fields: { id: 'integer', note: 'string' }, primaryKey: ['id'] } }, into);
  let runs = 0;
  return {
    shop,
    async load(name: string, ids: number[], options: Partial<LoadOptions>) {
      shop.rows.items = ids.map((id) => ({ id, note: name }));
      const { dataset } = await shop.extract(`run-${++runs}`, { name });
      return (await shop.load('', { input: [dataset], ...options })).streams.items!;
    },
    notes: async () => (await shop.table('items')).map(({ id, note }) => `${id} ${note}`).sort(),
    [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose](),
  };
}

describe.concurrent('two pipelines load one table', UNHURRIED, () => {
  test.each(['postgres', 'file'] as const)('%s: they may both append', async (into) => {
    await using it = await twoPipelines(into);
    await it.load('a', [1], { disposition: 'append' });
    await it.load('b', [2], { disposition: 'append' });
    await it.load('a', [3], { disposition: 'append', allowRepeat: true });
    expect(await it.notes()).toEqual(['1 a', '2 b', '3 a']);
  });

  test('they may both merge: the last record of a key stays', async () => {
    await using it = await twoPipelines('postgres');
    await it.load('a', [1, 2], { disposition: 'merge' });
    await it.load('b', [2, 3], { disposition: 'merge' });
    await it.load('a', [4], { disposition: 'merge' });
    expect(await it.notes()).toEqual(['1 a', '2 b', '3 b', '4 a']);
  });

  test.each(['postgres', 'duckdb', 'file'] as const)(
    '%s: one must not replace what the other has loaded',
    async (into) => {
      await using it = await twoPipelines(into);
      await it.load('a', [1], { disposition: 'replace' });
      const second = it.load('b', [2], { disposition: 'replace' });
      await expect(second).rejects.toMatchObject({
        code: 'LOAD_REFUSED',
        exitCode: 78,
        message: expect.stringMatching(
          /^Loading into "items" is refused: it holds rows that the pipeline "a" loaded \(run run-1, \S+\), and replace would delete them$/,
        ),
        hint: 'Give each pipeline its own table: set "as" to another name for the stream. If these rows may be deleted, or that pipeline no longer exists, load once with --force.',
      });
      expect(await it.notes()).toEqual(['1 a']);
      await it.load('a', [3], { disposition: 'replace' });

      await it.load('b', [2], { disposition: 'replace', force: true });
      expect((await it.load('b', [4], { disposition: 'replace' })).outcome).toBe('loaded');
      for (const disposition of ['append', 'replace'] as const) {
        await expect(it.load('a', [5], { disposition })).rejects.toMatchObject({
          code: 'LOAD_REFUSED',
          message: expect.stringMatching(/the pipeline "b" replaced its rows \(run run-\d+, \S+\)$/),
        });
      }
      expect(await it.notes()).toEqual(['4 b']);
      await it.load('a', [6], { disposition: 'append', force: true });
      expect(await it.notes()).toEqual(['4 b', '6 a']);
      await expect(it.load('b', [7], { disposition: 'replace' })).rejects.toThrow('the pipeline "a" loaded');
    },
  );

  test('nor what the other commits while this one runs', async () => {
    await using it = await twoPipelines('postgres');
    await it.load('b', [1], { disposition: 'replace' });
    const { destination } = it.shop.destination.connector;
    const overtaken = {
      ...destination!,
      async open(ctx: Parameters<Destination['open']>[0]): Promise<LoadSession> {
        const session = (await destination!.open(ctx)) as LoadSession;
        const { commit } = session;
        session.commit = async (rows, confirm) => {
          await it.load('a', [2], { disposition: 'append' });
          await commit(rows, confirm);
        };
        return session;
      },
    };
    const use = { ...it.shop.destination, connector: { name: 'postgres', version: '0.0.0', destination: overtaken } };
    await expect(it.load('b', [3], { disposition: 'replace', destination: use })).rejects.toMatchObject({
      code: 'ATTEMPT_CONFLICT',
      message: 'Another load of another pipeline into "items" was committed while this one was running',
    });
    expect(await it.notes()).toEqual(['1 b', '2 a']);
  });
});
