import { extract, openDataset } from '@aries-data/engine';
import { readStream } from '@aries-data/engine/internal';
import type { JsonRecord } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/testing';
import nock from 'nock';
import { afterEach, describe, expect, test } from 'vitest';
import { source } from '../index.ts';
import { account, acme, at, credentials, stubbedSalesforce, VERSION } from '../testing/stubbed-salesforce.ts';

afterEach(() => {
  nock.cleanAll();
  nock.enableNetConnect();
});

/** An org whose accounts can be deleted and restored, each with the minute in which it was done. */
function orgOf(minutes: Record<number, number>, deleted: number[] = []) {
  const objects = acme();
  const records = Object.entries(minutes).map(([number, minute]) => ({
    ...account(Number(number), minute),
    IsDeleted: deleted.includes(Number(number)),
  }));
  return { ...objects, Account: { ...objects.Account!, records } };
}

async function read(options: object = {}, more: object = {}) {
  const staging = memoryStaging();
  const config = { ...credentials, objects: ['Account'], api: 'rest', deletes: true, ...options };
  const result = await extract({
    source: { connector: { name: 'salesforce', version: '0', source }, config },
    staging,
    streams: ['Account'],
    maxRejected: { count: 0 },
    ...more,
  });
  const dataset = await openDataset(result.dataset, staging);
  const { Account: staged } = dataset.manifest.streams;
  const rows: JsonRecord[] = [];
  for await (const batch of readStream(dataset, staged!)) rows.push(...batch);
  const { counts, stateAfter } = staged!;
  return { rows, counts, state: stateAfter as { cursor: string } | null };
}

const iso = (minutes: number) => at(minutes).replace('+0000', 'Z');
const interval = { start: iso(0), end: iso(60) };
const numberIn = (row: JsonRecord) => Number(/\d{6}(?=IAC$)/.exec(String(row.Id))![0]);
const shown = (row: JsonRecord) => `${row._aries_op ?? ''}${numberIn(row)}`;

describe.each(['rest', 'bulk'])('by %s', (api) => {
  test('a record in the recycle bin is named, with its time, and the state moves on', async () => {
    await using salesforce = stubbedSalesforce({ objects: orgOf({ 1: 1, 2: 9, 3: 5 }, [2]) });
    const { rows, counts, state } = await read({ api });
    expect(rows.map(shown).sort()).toEqual(['d2', 'u1', 'u3']);
    const deletion = rows.find(({ _aries_op: op }) => op === 'd')!;
    expect(deletion).toMatchObject({ _aries_at: iso(9), SystemModstamp: iso(9) });
    expect(deletion.Name ?? null).toBeNull();
    expect(counts).toMatchObject({ staged: 3, deleted: 1 });
    expect(state?.cursor).toBe(iso(9));
    expect(salesforce.asked).toContain(api === 'rest' ? `GET ${VERSION}/queryAll` : `POST ${VERSION}/jobs/query`);
  });

  test('a full read does not ask for them', async () => {
    await using salesforce = stubbedSalesforce({ objects: orgOf({ 1: 1, 2: 9 }, [2]) });
    const { rows, counts } = await read({ api }, { fullRefresh: true });
    expect(rows.map(shown)).toEqual(['1']);
    expect(counts).toMatchObject({ read: 1, outside: 0 });
    expect(salesforce.asked).not.toContain(`GET ${VERSION}/queryAll`);
  });
});

test('a record that was restored is a change', async () => {
  const objects = orgOf({ 1: 1, 2: 9 }, [2]);
  await using _ = stubbedSalesforce({ objects });
  expect((await read()).rows.map(shown)).toEqual(['u1', 'd2']);
  objects.Account.records[1] = { ...account(2, 12), IsDeleted: false };
  expect((await read({}, { interval: { start: iso(9), end: iso(60) } })).rows.map(shown)).toEqual(['u2']);
});

test('pages of deleted records are read to the end, and others keep their place among them', async () => {
  const minutes = Object.fromEntries(Array.from({ length: 9 }, (_, number) => [number, number]));
  await using _ = stubbedSalesforce({ objects: orgOf(minutes, [0, 1, 2, 3, 5, 8]) });
  const { rows } = await read({}, { interval });
  expect(rows.map(shown)).toEqual(['d0', 'd1', 'd2', 'd3', 'u4', 'd5', 'u6', 'u7', 'd8']);
});

test('columns without IsDeleted do not hide what is deleted', async () => {
  await using salesforce = stubbedSalesforce({ objects: orgOf({ 1: 1, 2: 9 }, [2]) });
  const streams = [{ name: 'Account', columns: ['Id', 'Name', 'SystemModstamp'] }];
  const { rows, counts } = await read({}, { streams });
  expect(rows.map(shown)).toEqual(['u1', 'd2']);
  expect(rows[0]).not.toHaveProperty('IsDeleted');
  expect(counts.rejected).toBe(0);
  expect(salesforce.queries.at(-1)).toMatch(/^SELECT Id,IsDeleted,Name,SystemModstamp FROM Account/);
});

test('an object that cannot tell is read as before', async () => {
  await using salesforce = stubbedSalesforce();
  const streams = [{ name: 'Region__x', as: 'Account' }];
  const { rows } = await read({ objects: ['Region__x'] }, { streams });
  expect(rows).toHaveLength(4);
  expect(rows[0]).not.toHaveProperty('_aries_op');
  expect(salesforce.asked).not.toContain(`GET ${VERSION}/queryAll`);
});

test('deleted records are either records or deletions', async () => {
  await expect(read({ deleted: true })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('deleted: cannot be used together with deletes'),
  });
});
