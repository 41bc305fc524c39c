import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { openStore, type Store } from '@aries-data/stores';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { createBucket } from '../services/bucket.ts';
import { noService } from '../services/no-service.ts';

const s3 = inject('s3');

/** Guarantees of a real server that the file destination relies on. */
describe('tickets of a real S3 server', () => {
  if (s3.state !== 'ready') return noService('keeps them', s3);
  const env = { AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey, AWS_REGION: s3.region };
  let store: Store;

  beforeAll(async () => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    store = await openStore(`s3://${await createBucket(s3)}/some exports?endpoint=${s3.endpoint}`);
  });
  afterAll(async () => {
    await store?.close();
    vi.unstubAllEnvs();
  });

  const prepare = (key: string, bytes: Buffer) =>
    store.prepare(
      { key, aside: 'unused' },
      (async function* () {
        yield bytes;
      })(),
    );

  test('an object becomes visible when it is published', async () => {
    const large = randomBytes(20 * 1024 * 1024);
    const ticket = await prepare('a.csv', large);
    expect(await store.read('a.csv')).toBeNull();
    expect((await store.unfinished('a')).map(({ name }) => name)).toEqual(['a.csv']);
    expect(await store.publish(ticket)).toBe(true);
    expect((await store.read('a.csv'))?.equals(large)).toBe(true);
    expect(await store.unfinished('')).toEqual([]);
  });

  test('so does an empty object', async () => {
    expect(await store.publish(await prepare('empty.ndjson', Buffer.alloc(0)))).toBe(true);
    expect((await store.read('empty.ndjson'))?.length).toBe(0);
  });

  test('a used ticket does not overwrite later objects', async () => {
    const [older, newer] = [await prepare('b.csv', Buffer.from('older')), await prepare('b.csv', Buffer.from('newer'))];
    expect(await store.publish(older)).toBe(true);
    expect(await store.publish(newer)).toBe(true);
    await store.publish(older);
    expect((await store.read('b.csv'))?.toString()).toBe('newer');
    await store.remove(['b.csv']);
    await store.publish(older);
    expect(await store.read('b.csv')).toBeNull();
  });

  test('publishing one ticket many times at once never fails', async () => {
    const ticket = await prepare('c.csv', Buffer.from('once'));
    await Promise.all(Array.from({ length: 5 }, () => store.publish(ticket)));
    expect((await store.read('c.csv'))?.toString()).toBe('once');
  });

  test('datasets are added and replaced, and nothing else stays in the bucket', async () => {
    const folder = await temporaryFolder();
    const bucket = await createBucket(s3);
    const path = `s3://${bucket}/exports?endpoint=${s3.endpoint}`;
    const run = async (id: number, disposition: string): Promise<unknown> => {
      await writeFile(`${folder}/cities.ndjson`, `{"id":${id}}\n`);
      const config = JSON.stringify({ url: `${folder}/cities.ndjson` });
      const extracted = await runAries(
        [
          'extract',
          'file',
          '--config',
          config,
          '--staging',
          `${folder}/staging`,
          '--name',
          'job',
          '--run-id',
          String(id),
        ],
        { env },
      );
      const { dataset } = extracted.result;
      const load = [
        'load',
        'file',
        '--config',
        JSON.stringify({ path }),
        '--input',
        dataset,
        '--disposition',
        disposition,
      ];
      return (await runAries(load, { env })).result;
    };
    const exports = await openStore(path);
    const ids = async () => {
      const keys = (await Array.fromAsync(exports.list('')))
        .map(({ key }) => key)
        .filter((key) => !key.startsWith('_'));
      const texts = await Promise.all(keys.map(async (key) => (await exports.read(key))?.toString()));
      return texts.map((text) => JSON.parse(text!).id).sort();
    };
    for (const [id, disposition, expected] of [
      [1, 'append', [1]],
      [2, 'append', [1, 2]],
      [3, 'replace', [3]],
      [4, 'append', [3, 4]],
    ] as const) {
      expect(await run(id, disposition)).toMatchObject({ ok: true, streams: { cities: { outcome: 'loaded' } } });
      expect(await ids()).toEqual(expected);
      expect(await exports.unfinished('')).toEqual([]);
    }
    await exports.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('a discarded object is never visible', async () => {
    const ticket = await prepare('d.csv', Buffer.from('no'));
    await store.discard([ticket, ticket]);
    expect(await store.publish(ticket)).toBe(false);
    expect(await store.read('d.csv')).toBeNull();
    expect(await store.unfinished('')).toEqual([]);
  });
});
