import type { JsonRecord } from '@aries-data/sdk';
import { changesOf, isCheckpoint, isDeleted, keysOf } from '@aries-data/sdk/internal';
import { expect, test } from 'vitest';
import { ChangeCollector, type Unfit } from './change-collector.ts';
import type { RowReader } from './row-reader.ts';
import { Tuple } from './tuple.ts';

const reader: RowReader = {
  inserted: () => ({ id: 1 }),
  updated: () => ({ record: { id: 1 }, unsent: undefined }),
  movedFrom: () => undefined,
  deleted: () => ({ id: 1 }),
};
const UNFIT: Unfit = { reason: 'its columns changed', isNewer: true };
const row = new Tuple();

/** A collector of the streams `a` and `b`, with what it makes written in short. */
function collect(from: Record<string, bigint>, end = 1000n, readerFor: () => RowReader | Unfit = () => reader) {
  const names = Object.keys(from);
  const collector = new ChangeCollector({
    streams: new Map(names.map((name, index) => [index + 1, { name, from: from[name]!, readerFor }])),
    end,
    positionAt: (lsn) => ({ lsn, system: '1', snapshot: '1:1:' }),
  });
  for (const [index, name] of names.entries()) collector.relation({ oid: index + 1, schema: 's', name, columns: [] });
  /** Each transaction changes both tables. */
  const transaction = (commit: bigint, after: bigint, changes = 1) => {
    collector.begin(commit, 0n);
    for (let index = 0; index < changes; index++)
      for (const oid of [1, 2]) if (collector.wants(oid)) collector.insert(oid, row);
    collector.commit(commit, after);
  };
  const taken = () => {
    const all: string[] = [];
    for (let item = collector.take(); item !== undefined; item = collector.take()) {
      if (isCheckpoint(item)) {
        const { lsn } = item.position as { lsn: string };
        all.push(`@${BigInt(`0x${lsn.slice(2)}`)}${item.caughtUp === true ? '!' : ''}`);
      } else if (!isCheckpoint(item) && 'stream' in item) {
        all.push(`${item.stream}${isDeleted(item.item) ? '-' : (item.item as unknown[]).length}`);
      }
    }
    return all;
  };
  return { collector, transaction, taken };
}

test('a commit that lies where the state ends is new: a commit can begin where the one before ends', () => {
  const { collector, transaction, taken } = collect({ a: 200n, b: 200n });
  transaction(150n, 200n);
  transaction(200n, 250n);
  collector.passOn();
  expect(taken()).toEqual(['a1', 'b1', '@250']);
});

test('each stream leaves out what its own state covers, and no position lies before that of any', () => {
  const { collector, transaction, taken } = collect({ a: 100n, b: 300n });
  transaction(100n, 150n);
  collector.passOn();
  expect(taken()).toEqual(['a1']);
  transaction(250n, 300n);
  transaction(300n, 350n);
  collector.passOn();
  expect(taken()).toEqual(['a2', 'b1', '@350']);
});

test('the read has caught up once the log is past where it stood, outside of a transaction', () => {
  const { collector, transaction, taken } = collect({ a: 100n }, 500n);
  transaction(100n, 150n);
  collector.passOn();
  collector.begin(600n, 0n);
  collector.insert(1, row);
  // Keepalives inside a transaction say nothing about its changes, which are still to come.
  collector.keepalive(700n);
  collector.checkpoint();
  expect(taken()).toEqual(['a1', '@150']);
  collector.commit(600n, 650n);
  collector.passOn();
  expect(taken()).toEqual(['a1', '@650!']);
  collector.keepalive(800n);
  collector.passOn();
  expect(taken()).toEqual(['@800!']);
});

test('a keepalive never moves the position back', () => {
  const { collector, transaction, taken } = collect({ a: 100n }, 120n);
  transaction(100n, 150n);
  collector.keepalive(130n);
  collector.passOn();
  expect(taken()).toEqual(['a1', '@150!']);
});

test('small transactions share a batch, a large one is passed on in many, with a checkpoint at its end alone', () => {
  const { collector, transaction, taken } = collect({ a: 0n });
  for (let lsn = 1n; lsn <= 10n; lsn++) transaction(lsn, lsn + 1n);
  expect(taken()).toEqual([]);
  collector.passOn();
  expect(taken()).toEqual(['a10', '@11']);
  collector.begin(20n, 0n);
  for (let index = 0; index < 1200; index++) collector.insert(1, row);
  expect(taken()).toEqual(['a500', 'a500']);
  collector.commit(20n, 30n);
  expect(taken()).toEqual(['a200', '@30']);
});

test('a key that changes stays with its new record', () => {
  const { collector, taken } = collect({ a: 0n }, 1000n, () => ({ ...reader, movedFrom: () => ({ id: 0 }) }));
  collector.begin(20n, 0n);
  collector.insert(1, row);
  for (let index = 0; index < 250; index++) collector.update(1, row, row);
  expect(taken()).toEqual(['a501']);
});

test('records and deleted keys share a batch, in order; a truncation stands alone', () => {
  const { collector } = collect({ a: 0n }, 1000n, () => ({ ...reader, movedFrom: () => ({ id: 0 }) }));
  collector.begin(20n, 0n);
  collector.insert(1, row);
  collector.delete(1, row);
  collector.truncate([1]);
  collector.update(1, row, row);
  collector.commit(20n, 30n);
  collector.passOn();
  const at = '2000-01-01T00:00:00.000000Z';
  const said = [];
  for (let item = collector.take(); item !== undefined && !isCheckpoint(item); item = collector.take()) {
    const { item: one } = item;
    if (isDeleted(one)) said.push({ keys: keysOf(one), at: one.at });
    else
      said.push(
        (one as JsonRecord[]).map((record, index) => ({ ...record, ...changesOf(one as JsonRecord[])!(index) })),
      );
  }
  expect(said).toEqual([
    [
      { id: 1, at },
      { id: 1, at, gone: 'deleted' },
    ],
    { keys: 'all', at },
    [
      { id: 0, at, gone: 'moved' },
      { id: 1, at },
    ],
  ]);
});

test('what does not fit ends before its transaction', () => {
  let fits = true;
  const { collector, transaction, taken } = collect({ a: 0n }, 1000n, () => (fits ? reader : UNFIT));
  transaction(10n, 20n);
  collector.begin(30n, 0n);
  collector.insert(1, row);
  fits = false;
  collector.relation({ oid: 1, schema: 's', name: 'a', columns: [] });
  expect(collector.wants(1)).toBe(false);
  expect(collector.misfit).toEqual({ ...UNFIT, stream: 'a', isPartial: false });
  collector.passOnWhole();
  expect(taken()).toEqual(['a1', '@20']);
});

test('what does not fit is told apart if part of its transaction was passed on', () => {
  let fits = true;
  const { collector } = collect({ a: 0n }, 1000n, () => (fits ? reader : UNFIT));
  collector.begin(30n, 0n);
  for (let index = 0; index < 2000; index++) collector.insert(1, row);
  fits = false;
  collector.relation({ oid: 1, schema: 's', name: 'a', columns: [] });
  collector.wants(1);
  expect(collector.misfit).toMatchObject({ isPartial: true });
});

test.each<[string, bigint | undefined, (collector: ChangeCollector) => void]>([
  ['a transaction inside another', 1n, (one) => one.begin(2n, 0n)],
  ['an end without a beginning', undefined, (one) => one.commit(1n, 2n)],
  ['the end of another transaction', 1n, (one) => one.commit(2n, 3n)],
  ['a change outside of transactions', undefined, (one) => one.insert(1, row)],
])('%s is refused', (_, begun, say) => {
  const { collector } = collect({ a: 0n });
  if (begun !== undefined) collector.begin(begun, 0n);
  expect(() => say(collector)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }));
});
