import { AriesError } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import type { SqlConnection } from './connection.ts';
import { createTransaction } from './transaction.ts';

const signal = new AbortController().signal;
const busy = () => new AriesError('RESOURCE_BUSY', 'locked');

/** A connection that writes down what is asked of it. Its first `failures` transactions find the database locked. */
function recording({ failures = 0, lock = false, savepoints = false }) {
  const calls: string[] = [];
  const note = (call: string) => async () => void calls.push(call);
  const connection = {
    async begin() {
      calls.push('begin');
      if (failures-- > 0) throw busy();
    },
    commit: note('commit'),
    ...(lock ? { lock: async () => true } : {}),
    ...(savepoints ? { savepoints: { set: note('set'), release: note('release'), rollback: note('rollback') } } : {}),
  } as unknown as SqlConnection;
  return { calls, connection };
}

test('a transaction begins once', async () => {
  const { calls, connection } = recording({ lock: true });
  const transaction = createTransaction({ lockTimeoutMs: 0, signal });
  await transaction.begin(connection);
  await transaction.begin(connection);
  await transaction.commit(connection);
  expect(calls).toEqual(['begin', 'commit']);
});

test('without locks, beginning waits for the other load', async () => {
  const { calls, connection } = recording({ failures: 2 });
  await createTransaction({ lockTimeoutMs: 10_000, signal }).begin(connection);
  expect(calls).toEqual(['begin', 'begin', 'begin']);
});

test.each([
  ['the time is over', { failures: 1 }, 0],
  ['there are locks to wait for instead', { failures: 1, lock: true }, 10_000],
])('it does not wait where %s', async (_, options, lockTimeoutMs) => {
  const { calls, connection } = recording(options);
  await expect(createTransaction({ lockTimeoutMs, signal }).begin(connection)).rejects.toThrow('locked');
  expect(calls).toEqual(['begin']);
});

test.each([
  [true, ['set', 'release']],
  [false, ['set', 'rollback']],
])('work that is to be kept: %s', async (keep, expected) => {
  const { calls, connection } = recording({ savepoints: true });
  await createTransaction({ lockTimeoutMs: 0, signal }).undoable(
    connection,
    async () => {},
    () => keep,
  );
  expect(calls).toEqual(expected);
});

test('work that meets a lock is undone and repeated, if it can be undone', async () => {
  let attempts = 0;
  const work = async () => {
    if (++attempts === 1) throw busy();
  };
  const { calls, connection } = recording({ savepoints: true });
  const transaction = createTransaction({ lockTimeoutMs: 10_000, signal });
  await transaction.patiently(connection, 'orders', work);
  expect(calls).toEqual(['set', 'rollback', 'set', 'release']);

  attempts = 0;
  await expect(transaction.patiently(recording({}).connection, 'orders', work)).rejects.toThrow('locked');
  await expect(
    createTransaction({ lockTimeoutMs: 0, signal }).patiently(connection, 'orders', async () => {
      throw busy();
    }),
  ).rejects.toThrow('orders is locked by others for more than 0 s');
});
