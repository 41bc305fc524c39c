import type { LedgerRow, LoadSession, LoadTarget, RecordSchema } from '@aries-data/sdk';
import { describe, expect, test } from 'vitest';
import { type LoadPlanOptions, planStream } from './plan-stream.ts';

const schema: RecordSchema = {
  type: 'object',
  properties: { id: { type: 'integer' }, at: { type: 'string', format: 'date-time' } },
};
const january = { start: '2026-01-01T00:00:00.000Z', end: '2026-02-01T00:00:00.000Z' };
const stateBefore = { cursor: '2026-01-01T00:00:00Z', keys: [] };
const stateAfter = { cursor: '2026-01-02T00:00:00Z', keys: [] };

function row(change: Partial<LedgerRow>): LedgerRow {
  const own = {
    pipeline: 'shop',
    target: 'orders',
    identity: 'oid 1',
    interval: null,
    readStart: '2026-01-01T00:00:00.000Z',
  };
  return { ...own, ...change } as LedgerRow;
}

const head: LoadPlanOptions['stream'] = {
  ...{ schema, inferred: false, primaryKey: ['id'], cursor: 'at', mode: 'incremental', stateBefore },
  ...{ format: 'ndjson', compression: 'none' },
};
const one = (change: Partial<LoadPlanOptions> = {}): LoadPlanOptions => ({
  ...{ name: 'orders', stream: head, disposition: 'merge', interval: null, runId: 'tuesday', digest: 'sha256-2' },
  ...{ ledger: [], unknown: false, rejected: 0, pipeline: 'shop', options: {}, stateAfter, input: undefined },
  readStart: '2026-01-03T00:00:00.000Z',
  ...change,
});

/** Plans the stream for a target with this identity, or for a missing target. */
async function plan(change: Partial<LoadPlanOptions> = {}, identity: string | null = 'oid 1') {
  const asked: LoadTarget[] = [];
  const inspect: LoadSession['inspect'] = async (target) => {
    asked.push(target);
    return identity === null ? { exists: false, changes: [] } : { exists: true, identity, changes: [] };
  };
  return { ...(await planStream({ inspect } as LoadSession, one(change))), asked };
}

test('the rules get the properties of the dataset’s stream', async () => {
  const { candidate } = await plan();
  expect(candidate).toEqual({
    ...{
      stream: 'orders',
      target: 'orders',
      runId: 'tuesday',
      digest: 'sha256-2',
      mode: 'incremental',
      disposition: 'merge',
    },
    ...{ interval: null, stateBefore, stateAfter, readStart: '2026-01-03T00:00:00.000Z', cursorKind: 'date-time' },
    ...{ identity: 'oid 1', ledger: [], history: [], input: undefined, wholeInputs: false },
  });
});

describe('the target', () => {
  test('gets fields, key and cursor of the stream', async () => {
    const { target } = await plan();
    expect(target.fields.map(({ name, kind }) => [name, kind])).toEqual([
      ['id', 'integer'],
      ['at', 'date-time'],
    ]);
    expect(target).toMatchObject({
      runId: 'tuesday',
      digest: 'sha256-2',
      stream: 'orders',
      target: 'orders',
      primaryKey: ['id'],
      cursor: 'at',
      disposition: 'merge',
    });
  });
  test('has no identity if it does not exist', async () => {
    expect((await plan({}, null)).candidate.identity).toBeNull();
  });
  test('has no digest while the dataset is still being extracted', async () => {
    const { target, candidate } = await plan({ digest: undefined });
    expect({ target: target.digest, candidate: candidate.digest }).toEqual({ target: undefined, candidate: '' });
  });
});

test('a stream that was not read by interval has none, even if its dataset has one', async () => {
  const { candidate, target } = await plan({ interval: january });
  expect({ rules: candidate.interval, target: target.interval }).toEqual({ rules: null, target: january });
  const read = await plan({
    interval: january,
    stream: { ...head, mode: 'interval' },
    disposition: 'replace-interval',
  });
  expect(read.candidate.interval).toEqual(january);
});

test('rows of other targets do not count; those of other pipelines count as history', async () => {
  const own = row({ runId: 'monday' });
  const other = row({ runId: 'monday', pipeline: 'other' });
  const { candidate } = await plan({ ledger: [own, other, row({ target: 'items' })] });
  expect(candidate.ledger).toEqual([own]);
  expect(candidate.history).toEqual([own, other]);
});

describe('fields are compared with those that this pipeline loaded before', () => {
  const fields: LedgerRow['fields'] = [['id', 'string']];
  const changed = [{ field: 'id', from: 'string', to: 'integer' }];
  test.each<[string, LedgerRow, object[]]>([
    ['compares its last dataset', row({ fields }), changed],
    ['ignores a dataset that was read later', row({ fields, readStart: '2026-01-04T00:00:00.000Z' }), []],
    ['ignores that of another pipeline', row({ fields, pipeline: 'other' }), []],
  ])('%s', async (_, before, expected) => {
    expect((await plan({ ledger: [before] })).drift.changed).toEqual(expected);
  });
});

test('the policy is that of the load for this stream', async () => {
  const { asked } = await plan({ options: { schemaChanges: { orders: 'freeze' } } });
  expect(asked.map(({ schemaChange }) => schemaChange)).toEqual(['freeze']);
});

test('intervals that were read later are not replaced', async () => {
  const stream = { ...head, mode: 'interval' as const, stateBefore: null };
  const later = row({ disposition: 'replace-interval', interval: january, readStart: '2026-01-09T00:00:00.000Z' });
  const { target } = await plan({ stream, disposition: 'replace-interval', interval: january, ledger: [later] });
  expect(target.readLater).toEqual({ intervals: [january], others: false });
});
