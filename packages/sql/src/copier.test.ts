import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, type Batch, type Rejection, withOrigin } from '@aries-data/sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Copied, SqlConnection } from './connection.ts';
import { createCopier } from './copier.ts';

const into = { table: 't', columns: [] };
const batchOf = (first: number, length: number) => Array.from({ length }, (_, index) => ({ id: first + index }));

/** A database that takes batches without bad records; it may name the wrong one. */
function fakeDatabase(isBad: (id: number) => boolean, hint: (index: number, length: number) => number | undefined) {
  const taken: number[] = [];
  const copyBatch = async (_: unknown, batch: Batch): Promise<Copied> => {
    const ids = batch.map((record) => record.id as number);
    const index = ids.findIndex(isBad);
    if (index >= 0) return { refused: { reason: 'bad', index: hint(index, ids.length) } };
    taken.push(...ids);
    return { rows: ids.length };
  };
  return { taken, connection: { copyBatch } as unknown as SqlConnection };
}

function copierOn(connection: SqlConnection, slots = 1) {
  const rejections: Rejection[] = [];
  const copier = createCopier({
    into,
    slots,
    use: (work) => work(connection),
    attempt: (_, copy) => copy(),
    reject: (rejection) => rejections.push(rejection),
  });
  return { copier, rejections };
}

test('exactly the bad records are rejected, in order, whatever the database says of where they are', async () => {
  const hints = fc.constantFrom<(index: number, length: number) => number | undefined>(
    () => undefined,
    (index) => index,
    (index) => index + 1,
    (index) => index - 1,
    () => 0,
    (_, length) => length - 1,
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      hints,
      async (bad, size, hint) => {
        const { taken, connection } = fakeDatabase((id) => bad[id]!, hint);
        const { copier, rejections } = copierOn(connection);
        for (let first = 0; first < bad.length; first += size)
          await copier.batch(batchOf(first, Math.min(size, bad.length - first)));
        const rows = await copier.finish();
        const ids = bad.map((_, id) => id);
        expect(taken).toEqual(ids.filter((id) => !bad[id]));
        expect(rows).toBe(taken.length);
        expect(rejections).toEqual(
          ids.filter((id) => bad[id]).map((id) => ({ reason: 'bad', origin: `record ${id + 1}`, record: { id } })),
        );
      },
    ),
  );
});

test('few bad records cost few copies', async () => {
  let copies = 0;
  const { connection } = fakeDatabase(
    (id) => id === 777,
    () => {
      copies++;
      return undefined;
    },
  );
  const { copier } = copierOn(connection);
  await copier.batch(batchOf(0, 1000));
  await copier.finish();
  expect(copies).toBeLessThanOrEqual(11);
});

test('an origin that the batch knows is the one that is told', async () => {
  const { connection } = fakeDatabase(
    (id) => id === 1,
    () => undefined,
  );
  const { copier, rejections } = copierOn(connection);
  await copier.batch(withOrigin(batchOf(0, 3), (index) => `file.csv:${index + 2}`));
  await copier.finish();
  expect(rejections.map(({ origin }) => origin)).toEqual(['file.csv:3']);
});

describe('several at a time', () => {
  const slow = (log: string[]) =>
    ({
      copyBatch: async (_: unknown, batch: Batch): Promise<Copied> => {
        log.push(`+${batch[0]!.id}`);
        await sleep(5);
        log.push(`-${batch[0]!.id}`);
        return { rows: batch.length };
      },
    }) as unknown as SqlConnection;

  test('as many as there are slots', async () => {
    const log: string[] = [];
    const { copier } = copierOn(slow(log), 2);
    for (let id = 0; id < 4; id++) await copier.batch([{ id }]);
    expect(await copier.finish()).toBe(4);
    expect(log.slice(0, 2)).toEqual(['+0', '+1']);
    let running = 0;
    for (const entry of log) {
      running += entry.startsWith('+') ? 1 : -1;
      expect(running).toBeLessThanOrEqual(2);
    }
  });

  test('one slot keeps the order', async () => {
    const log: string[] = [];
    const { copier } = copierOn(slow(log), 1);
    for (let id = 0; id < 3; id++) await copier.batch([{ id }]);
    await copier.finish();
    expect(log).toEqual(['+0', '-0', '+1', '-1', '+2', '-2']);
  });

  test('a failure is thrown by the next call, and by finish', async () => {
    const failing = {
      copyBatch: async () => {
        throw new AriesError('UNREACHABLE', 'gone');
      },
    } as unknown as SqlConnection;
    const { copier } = copierOn(failing);
    await copier.batch([{ id: 1 }]);
    await sleep(1);
    await expect(copier.batch([{ id: 2 }])).rejects.toThrow('gone');
    await expect(copier.finish()).rejects.toThrow('gone');
  });
});
