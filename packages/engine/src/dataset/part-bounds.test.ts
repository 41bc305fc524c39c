import { gzipSync, zstdCompressSync } from 'node:zlib';
import { decoderOf } from '@aries-data/formats/internal';
import { type Compression, fieldsOf, type StagedFormat } from '@aries-data/sdk';
import { memoryStaging } from '@aries-data/stores';
import { expect, test } from 'vitest';
import { PGCOPY_HEAD } from '../../../formats/src/pgcopy/pgcopy.ts';
import { openPartBytes } from './part-reader.ts';
import { digestOf } from './sealed.ts';

const ZEROS = Buffer.alloc(16 * 1024 * 1024);
const PACKED: Record<Compression, Buffer> = { zst: zstdCompressSync(ZEROS), gz: gzipSync(ZEROS), none: ZEROS };

async function lengthOf(compression: Compression, rawBytes: number): Promise<number> {
  const store = memoryStaging();
  const stored = PACKED[compression];
  await store.writeIfAbsent('f/a/part', stored);
  const sha256 = digestOf(stored).slice('sha256-'.length);
  const part = { key: 'a/part', rows: 1, bytes: stored.length, rawBytes, sha256 };
  let length = 0;
  try {
    for await (const chunk of await openPartBytes({ store, folder: 'f' }, { compression }, part))
      length += chunk.length;
  } catch (error) {
    expect(error).toMatchObject({ code: 'DATASET_CORRUPT', message: expect.stringContaining('in its manifest') });
    return length;
  }
  expect(length).toBe(rawBytes);
  return length;
}

test.each<Compression>(['zst', 'gz', 'none'])(
  'no more comes out of a %s part than its manifest states',
  async (compression) => {
    expect(await lengthOf(compression, ZEROS.length)).toBe(ZEROS.length);
    expect(await lengthOf(compression, 1000)).toBeLessThanOrEqual(1000);
    expect(await lengthOf(compression, ZEROS.length + 1)).toBe(ZEROS.length);
  },
);

test.each<[StagedFormat, Buffer[]]>([
  ['csv', [Buffer.from('"')]],
  ['csv', [Buffer.alloc(10)]],
  ['ndjson', [Buffer.from('{"a":"')]],
  ['pgcopy', [PGCOPY_HEAD, Buffer.from([0, 1, 0x3f, 0, 0, 0])]],
])('an endless row of %s is refused before it fills the memory', async (format, start) => {
  const schema = { type: 'string', pgType: 'text' };
  const fields = fieldsOf({ type: 'object', properties: { a: schema }, required: [] });
  let given = 0;
  async function* endless() {
    yield* start;
    // A string may contain line feeds, so complete lines are not yet a row.
    for (; given < 1000; given++)
      yield Buffer.from(`${'x'.repeat(9999)}${format === 'csv' && start[0]!.length === 1 ? '\n' : 'x'}`);
  }
  const decode = decoderOf(format, fields, { coerce: false, rowBytes: 1_000_000 });
  await expect(Array.fromAsync(decode(endless()))).rejects.toMatchObject({
    code: 'DATASET_CORRUPT',
    message: expect.stringContaining('longer than'),
  });
  expect(given).toBeLessThan(250);
});
