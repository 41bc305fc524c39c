/**
 * Loads rows in a separate process, to be killed or measured: `node child.ts PATH ROWS DISPOSITION STOP`. It prints a line when it
 * reaches STOP (`written`, `applied`) and waits there; with STOP `end` it prints its memory.
 */

import { fieldSchema, fieldsOf, type JsonRecord, type LoadTarget } from '@aries-data/sdk';
import { noHttp } from '@aries-data/testing';
import { destination } from '../destination/destination.ts';

/** Not used by a load whose session undoes what it does not commit. */
const PLACE = { part: 'part', index: 0 };

/** The point at which to stop. */
export type Stop = 'written' | 'applied' | 'end';

const [, , path = '', rows = '0', disposition = 'replace', stop = 'end'] = process.argv;
const BATCH = 2000;

const properties = { id: fieldSchema('int64'), name: fieldSchema('string'), at: fieldSchema('date-time') };
const target: LoadTarget = {
  stream: 'things',
  target: 'things',
  fields: fieldsOf({ type: 'object', properties, required: Object.keys(properties) }),
  primaryKey: ['id'],
  cursor: 'at',
  disposition: disposition as LoadTarget['disposition'],
  runId: 'run',
  schemaChange: 'evolve',
  readStart: '2026-01-31T08:30:00.000Z',
};

function batchFrom(first: number): JsonRecord[] {
  return Array.from({ length: BATCH }, (_, index) => ({
    id: String(first + index),
    name: `the name of the thing number ${first + index}`,
    at: '2024-05-06T07:08:09.123456Z',
  }));
}

async function reached(place: Stop): Promise<void> {
  if (stop !== place) return;
  console.log(place);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

const quiet = () => {};
const session = await destination.open({
  config: destination.config.parse({ path, lockTimeout: 0.2 }),
  log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  http: noHttp,
  signal: new AbortController().signal,
  pipeline: 'test',
  concurrency: 2,
});
await session.ledger(['things']);
const load = await session.open(target, ({ reason }) => {
  throw new Error(reason);
});
for (let first = 0; first < Number(rows); first += BATCH) await load.writeBatch(batchFrom(first), PLACE);
await reached('written');
await load.finish();
await reached('applied');
const now = new Date().toISOString();
const row = {
  pipeline: 'test',
  stream: 'things',
  target: 'things',
  identity: '',
  runId: 'child',
  digest: `sha256-${now}`,
};
const more = { disposition: target.disposition, interval: null, stateBefore: null, stateAfter: null };
await session.commit([{ ...row, ...more, readStart: now, rows: Number(rows), loadedAt: now }], () => {});
await session.close();
console.log(JSON.stringify({ maxRss: process.resourceUsage().maxRSS / 1024 }));
