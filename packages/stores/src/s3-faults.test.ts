import { extract } from '@aries-data/engine';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type S3Stub, startS3Stub } from '../../../test/services/s3-stub.ts';
import { recordsConnector } from '../../testing/src/records-source.ts';
import { s3Store } from './s3.ts';
import type { Store } from './store.ts';

const MIB = 1024 * 1024;
const content = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));

let server: S3Stub;
let store: Store;

beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  server = await startS3Stub();
  store = s3Store(server.uri('staging'), { connection: 1000, idle: 150 });
});
afterEach(async () => {
  await store.close();
  await server[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
});

async function* chunksOf(bytes: Buffer, size = 64 * 1024): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function bytesOf(key: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(await store.open(key)));
}

describe('a server that accepts a request and does not respond', () => {
  test.each(['GetObject', 'PutObject', 'ListObjectsV2', 'HeadObject', 'DeleteObjects'])(
    '%s is asked again',
    async (operation) => {
      server.fault = (request) => (request.operation === operation && request.count === 1 ? 'hang' : undefined);
      await store.write('a', chunksOf(content));
      expect(await bytesOf('a')).toEqual(content);
      expect(await Array.fromAsync(store.list(''))).toHaveLength(1);
      await store.remove(['a']);
      expect(server.requests.filter((line) => line.startsWith(operation)).length).toBeGreaterThan(1);
    },
  );

  test('times out in the end, naming the object', async () => {
    server.fault = () => 'hang';
    await expect(store.read('shop/a.json')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      exitCode: 75,
      message: expect.stringMatching(/^s3:\/\/bucket\/staging\/shop\/a\.json: .*150 ms/),
    });
  });
});

describe('a body that breaks off', () => {
  beforeEach(() => store.write('a', chunksOf(content)));

  test.each(['reset', 'stall'] as const)('is resumed by range after a %s', async (how) => {
    server.fault = ({ operation, count }) =>
      operation === 'GetObject' && count <= 2 ? { after: 100_000, how } : undefined;
    expect(await bytesOf('a')).toEqual(content);
    expect(server.requests.filter((line) => line === 'GetObject staging/a')).toHaveLength(3);
  });

  test('is sent again by a server without ranges', async () => {
    server.ranges = false;
    server.fault = ({ operation, count }) =>
      operation === 'GetObject' && count === 1 ? { after: 100_000, how: 'reset' } : undefined;
    expect(await bytesOf('a')).toEqual(content);
  });

  test('is not resumed from an object that was overwritten in the meantime', async () => {
    server.fault = ({ operation, count }) => {
      if (operation !== 'GetObject' || count > 1) return undefined;
      setImmediate(() => server.objects.set('staging/a', Buffer.alloc(300_000)));
      return { after: 100_000, how: 'reset' };
    };
    await expect(bytesOf('a')).rejects.toMatchObject({
      code: 'RESOURCE_BUSY',
      message: 's3://bucket/staging/a was overwritten while it was being read',
    });
  });

  test('fails if it never gets further, naming the object', async () => {
    server.fault = ({ operation, headers }) =>
      operation === 'GetObject' ? { after: headers.range === undefined ? 1000 : 0, how: 'reset' } : undefined;
    await expect(bytesOf('a')).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('s3://bucket/staging/a broke off after 1000 bytes, 5 times in a row'),
    });
  });

  test('is not broken if its reader is slow', async () => {
    await store.write('large', chunksOf(Buffer.alloc(8 * MIB, 7)));
    let bytes = 0;
    for await (const chunk of await store.open('large')) {
      if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 400));
      bytes += chunk.length;
    }
    expect(bytes).toBe(8 * MIB);
  });
});

describe('large objects', () => {
  // They take longer than the idle timeout of the tests above.
  beforeEach(() => {
    store = s3Store(server.uri('staging'), { connection: 10_000, idle: 30_000 });
  });
  const large = Buffer.alloc(20 * MIB, 'large ');

  test('are uploaded in parts of the same size, and a part that breaks off is sent again', async () => {
    server.fault = ({ operation, count }) => (operation === 'UploadPart' && count === 2 ? 'reset' : undefined);
    await store.write('large', chunksOf(large, 3 * MIB + 1));
    expect(server.objects.get('staging/large')!.equals(large)).toBe(true);
    expect(server.uploads()).toEqual([]);
  });

  test('are complete if the response to their completion is lost', async () => {
    server.fault = ({ operation, count }) =>
      operation === 'CompleteMultipartUpload' && count === 1 ? 'lose-answer' : undefined;
    await store.write('large', chunksOf(large));
    expect(server.objects.get('staging/large')!.equals(large)).toBe(true);
  });

  test('leave nothing if a part cannot be sent, and say why', async () => {
    server.fault = ({ operation }) => (operation === 'UploadPart' ? { status: 403, code: 'AccessDenied' } : undefined);
    await expect(store.write('large', chunksOf(large))).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: expect.stringContaining('s3://bucket/staging/large'),
    });
    expect(server.uploads()).toEqual([]);
  });

  test('fail with the error of their body', async () => {
    async function* broken() {
      yield large;
      throw new TypeError('the source broke');
    }
    await expect(store.write('large', broken())).rejects.toThrow(TypeError);
    expect(server.uploads()).toEqual([]);
  });
});

test('uploads that dead attempts left open are aborted by the attempt that commits the step, and no others', async () => {
  const body = () => chunksOf(Buffer.from('half'));
  const dead = ['extract/items/0a1b2c3d4e5f-00000.ndjson.zst', 'extract.p1/items/x.ndjson', 'transform/items/x.ndjson'];
  for (const name of dead) await store.prepare({ key: `job/monday/${name}`, aside: 'unused' }, body());
  const source = { connector: recordsConnector({ records: [{ id: 1 }] }), config: {} };
  await extract({ source, staging: store, name: 'job', runId: 'monday' });
  expect(server.uploads()).toEqual([
    'staging/job/monday/extract.p1/items/x.ndjson',
    'staging/job/monday/transform/items/x.ndjson',
  ]);
});

test('a ticket works once, in any process', async () => {
  const ticket = await store.prepare({ key: 'a', aside: 'unused' }, chunksOf(content));
  expect(server.objects.size).toBe(0);
  expect(await store.unfinished('a')).toEqual([
    { name: 'a', ticket: expect.any(String), modified: expect.any(Number) },
  ]);
  expect(await s3Store(server.uri('staging')).publish(ticket)).toBe(true);
  await store.remove(['a']);
  expect(await store.publish(ticket)).toBe(false);
  expect(server.objects.size).toBe(0);
  await store.discard([ticket]);
  const empty = await store.prepare({ key: 'empty', aside: 'unused' }, chunksOf(Buffer.alloc(0)));
  expect(await store.publish(empty)).toBe(true);
  expect(await bytesOf('empty')).toHaveLength(0);
});
