import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStore } from './open-store.ts';

// Real servers are tested with Ceph. These tests are for servers that misbehave.
let server: Server;
const requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
let answer: (request: IncomingMessage) => { status: number; body?: string; headers?: Record<string, string> };

beforeEach(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'canary-secret');
  vi.stubEnv('AWS_REGION', undefined);
  requests.length = 0;
  server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    request.resume().on('end', () => {
      const { status, body = '', headers = {} } = answer(request);
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const endpoint = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

test('a store that ignores conditional writes is refused with 78', async () => {
  answer = () => ({ status: 200 });
  const store = await openStore(`s3://bucket/prefix?endpoint=${endpoint()}`);
  await expect(store.check()).rejects.toMatchObject({
    code: 'STAGING_INVALID',
    exitCode: 78,
    message: expect.stringContaining('ignores conditional writes'),
  });
  expect(requests.filter(({ method }) => method === 'PUT').map(({ headers }) => headers['if-none-match'])).toEqual([
    '*',
    '*',
  ]);
});

test('a store that supports them is accepted, and the probe is deleted', async () => {
  let puts = 0;
  answer = (request) => ({
    status: request.method === 'PUT' && ++puts === 2 ? 412 : 200,
    body: request.method === 'POST' ? '<DeleteResult/>' : '',
  });
  const store = await openStore(`s3://bucket/prefix?endpoint=${endpoint()}`);
  await store.check();
  expect(requests.map(({ method }) => method)).toEqual(['PUT', 'PUT', 'POST']);
});

test('a custom endpoint uses path-style addressing, also with region and endpoint from the environment', async () => {
  answer = () => ({ status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' });
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint());
  vi.stubEnv('AWS_REGION', 'eu-north-1');
  const store = await openStore('s3://bucket/some/prefix');
  expect(await store.read('a/b')).toBeNull();
  expect(requests[0]!.url).toBe('/bucket/some/prefix/a/b?x-id=GetObject');
  expect(requests[0]!.headers.authorization).toContain('/eu-north-1/s3/');
});

test('folders are listed page by page, without what is in them', async () => {
  answer = ({ url = '' }) => {
    const query = new URL(url, 'http://localhost').searchParams;
    expect([query.get('prefix'), query.get('delimiter')]).toEqual(['some/prefix/job/', '/']);
    const isLast = query.get('continuation-token') === 'more';
    const names = isLast ? ['c'] : ['a', 'b'];
    const found = names.map((one) => `<CommonPrefixes><Prefix>some/prefix/job/${one}/</Prefix></CommonPrefixes>`);
    const next = '<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>';
    const body = `<ListBucketResult>${found.join('')}${isLast ? '' : next}</ListBucketResult>`;
    return { status: 200, body };
  };
  vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint());
  const store = await openStore('s3://bucket/some/prefix');
  expect(await Array.fromAsync(store.folders('job'))).toEqual(['a', 'b', 'c']);
  expect(requests).toHaveLength(2);
});

test.each([
  [403, '<Error><Code>AccessDenied</Code><Message>no</Message></Error>', 'NOT_ALLOWED'],
  [404, '<Error><Code>NoSuchBucket</Code></Error>', 'STAGING_INVALID'],
])('status %i says what is wrong, without the secret', async (status, body, code) => {
  answer = () => ({ status, body });
  const store = await openStore(`s3://bucket?endpoint=${endpoint()}`);
  const error = await store.read('a').catch((thrown) => thrown);
  expect(error).toMatchObject({ code });
  expect(JSON.stringify([error.message, error.hint, String(error.stack)])).not.toContain('canary-secret');
});

test('an upload whose body fails is aborted', async () => {
  answer = (request) => {
    if (request.url?.includes('uploads'))
      return {
        status: 200,
        body: '<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>',
      };
    return { status: 200, headers: { etag: '"e"' } };
  };
  const store = await openStore(`s3://bucket?endpoint=${endpoint()}`);
  async function* broken() {
    for (let piece = 0; piece < 3; piece++) yield Buffer.alloc(8 * 1024 * 1024);
    throw new Error('the source broke');
  }
  await expect(store.write('part', broken())).rejects.toThrow('the source broke');
  expect(requests.some(({ method, url }) => method === 'DELETE' && url.includes('uploadId=u1'))).toBe(true);
  expect(requests.some(({ method, url }) => method === 'POST' && url.includes('uploadId=u1'))).toBe(false);
});
