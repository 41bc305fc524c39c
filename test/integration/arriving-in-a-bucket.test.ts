import { join } from 'node:path';
import { type ExtractOptions, extract, load, readDataset } from '@aries-data/engine';
import { openStore, type Store } from '@aries-data/stores';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import * as file from '../../connectors/file/src/index.ts';

import { temporaryFolder } from '../folders/temporary-folder.ts';
import { createBucket, s3Client } from '../services/bucket.ts';
import { noService } from '../services/no-service.ts';

const s3 = inject('s3');

/** What an incremental read relies on, with a real S3 server: the order of its lists, its ETags, and its errors. */
describe('files that arrive in a bucket', () => {
  if (s3.state !== 'ready') return noService('are read once', s3);
  const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey, AWS_REGION: s3.region };
  let client: S3Client;

  beforeAll(() => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    client = s3Client(s3);
  });
  afterAll(() => {
    client?.destroy();
    vi.unstubAllEnvs();
  });

  const quiet = { debug() {}, info() {}, warn() {}, error() {} };

  /** A bucket that is read again and again into a folder, with its staging in another bucket. */
  const inbox = async (path: string, config: object = {}) => {
    const [bucket, staging] = [await createBucket(s3), await createBucket(s3)];
    const out = await temporaryFolder();
    const source = {
      connector: { name: 'file', version: '0.0.0', source: file.source },
      config: {
        url: `s3://${bucket}/${path}?endpoint=${s3.endpoint}`,
        stream: 'items',
        incremental: true,
        ...config,
      },
    };
    const destination = {
      connector: { name: 'file', version: '0.0.0', destination: file.destination },
      config: { path: join(out, 'out') },
    };
    const it = {
      bucket,
      put: (key: string, body: string) => client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: body })),
      remove: async (key: string) => {
        const store: Store = await openStore(`s3://${bucket}?endpoint=${s3.endpoint}`);
        await store.remove([key]);
        await store.close();
      },
      extract: (runId: string, options: Partial<ExtractOptions> = {}) =>
        extract({
          source,
          staging: `s3://${staging}/some staging?endpoint=${s3.endpoint}`,
          name: 'job',
          runId,
          log: quiet,
          ...options,
        }),
      async run(runId: string, options: Partial<ExtractOptions> = {}) {
        const { dataset } = await it.extract(runId, options);
        const records = (await Array.fromAsync(await readDataset(dataset))).flat();
        await load({ destination, input: [dataset], name: 'job', disposition: 'append', log: quiet });
        return records.map((record) => record.id);
      },
    };
    return it;
  };

  const line = (id: number) => `{"id":${id}}\n`;

  test('are read once, in the order of the bucket, and again once their ETag changes', async () => {
    const it = await inbox('in/**/*.ndjson');
    // Names that code units, code points and bytes put into different orders.
    const names = ['a.ndjson', 'a/b.ndjson', 'a-1.ndjson', 'é.ndjson', '\u{ff5e}.ndjson', '😀.ndjson', 'Z.ndjson'];
    for (const [index, name] of names.entries()) await it.put(`in/${name}`, line(index));
    await it.put('in/folder/', ' ');
    await it.put('other/x.ndjson', line(99));
    const inOrder = [...names.keys()].sort((a, b) => Buffer.compare(Buffer.from(names[a]!), Buffer.from(names[b]!)));
    expect(await it.run('monday')).toEqual(inOrder);
    expect(await it.run('tuesday')).toEqual([]);

    // The same content has the same ETag, whenever it was written.
    await it.put('in/a.ndjson', line(0));
    await it.put('in/b/new.ndjson', line(10));
    await it.remove('in/Z.ndjson');
    expect(await it.run('wednesday')).toEqual([10]);
    await it.put('in/é.ndjson', line(11));
    const { dataset } = await it.extract('thursday');
    expect((await Array.fromAsync(await readDataset(dataset))).flat()).toEqual([{ id: 11 }]);
    await expect(it.run('thursday')).rejects.toThrow(
      `an earlier run read s3://${it.bucket}/in/é.ndjson, which changed`,
    );
  });

  test('of more than one page', async () => {
    const it = await inbox('*.ndjson');
    const ids = Array.from({ length: 1100 }, (_, id) => id);
    for (let at = 0; at < ids.length; at += 50) {
      await Promise.all(ids.slice(at, at + 50).map((id) => it.put(`${String(id).padStart(5, '0')}.ndjson`, line(id))));
    }
    expect(await it.run('monday')).toEqual(ids);
    await it.put('00500x.ndjson', line(5000));
    expect(await it.run('tuesday')).toEqual([5000]);
  });

  test('of an interval: its folders are read, and what is not there yet is waited for', async () => {
    const it = await inbox('events/{yyyy}/{MM}/{dd}/{HH}/*.ndjson', { incremental: false });
    const interval = { start: '2026-11-29T10:00:00.000Z', end: '2026-11-29T12:00:00.000Z' };
    await it.put('events/2026/11/29/09/a.ndjson', line(9));
    await expect(it.extract('ten', { interval })).rejects.toMatchObject({ code: 'INPUT_NOT_READY', exitCode: 75 });
    await it.put('events/2026/11/29/10/a.ndjson', line(10));
    await it.put('events/2026/11/29/11/a.ndjson', line(11));
    await it.put('events/2026/11/29/12/a.ndjson', line(12));
    expect(await it.run('ten', { interval })).toEqual([10, 11]);
  });

  test('a bucket that does not exist is not waited for', async () => {
    const missing = { url: `s3://no-such-bucket-of-ours/{yyyy}/*.ndjson?endpoint=${s3.endpoint}` };
    const interval = { start: '2026-11-29T10:00:00.000Z', end: '2026-11-29T12:00:00.000Z' };
    for (const incremental of [true, false]) {
      const it = await inbox('*', { ...missing, incremental });
      await expect(it.extract('monday', { interval })).rejects.toMatchObject({ code: 'NOT_FOUND', exitCode: 78 });
    }
  });
});
