import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { collect, testHttp } from '../../../testing/src/http-client.ts';

/** A real server for what no stub does as a system does it: silence, broken connections, compressed bodies. */
async function serving(listener: RequestListener, work: (baseUrl: string) => Promise<void>): Promise<void> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const json = { 'content-type': 'application/json' };

test('a response that does not start times out', async () => {
  await serving(
    () => {},
    async (baseUrl) => {
      const { http } = testHttp({ baseUrl, timeout: { headers: 0.1 }, retry: { attempts: 2 } });
      await expect(http.json('/x')).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: `GET ${baseUrl}/x: No response for 0.1 s (2 attempts)`,
      });
    },
  );
});

test('a response that stalls times out', async () => {
  await serving(
    (_, response) => {
      response.writeHead(200, json);
      response.write('[1,');
    },
    async (baseUrl) => {
      const { http } = testHttp({ baseUrl, timeout: { idle: 0.1 }, retry: { attempts: 1 } });
      await expect(http.json('/x')).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: `GET ${baseUrl}/x: The response stalled for 0.1 s`,
      });
    },
  );
});

test.each([
  ['before the answer', 0],
  ['in its middle', 5],
])('a connection that breaks %s is retried', async (_, sent) => {
  let requests = 0;
  await serving(
    (request, response) => {
      requests++;
      if (requests > 1) {
        response.writeHead(200, json).end('[{"id":1}]');
        return;
      }
      if (sent === 0) request.socket.destroy();
      else {
        response.writeHead(200, { ...json, 'content-length': '10' });
        response.write('[{"id', () => request.socket.destroy());
      }
    },
    async (baseUrl) => {
      expect(await collect(testHttp({ baseUrl }).http.pages('/x'))).toEqual([{ id: 1 }]);
      expect(requests).toBe(2);
    },
  );
});

test('a server that is not there is UNREACHABLE', async () => {
  let closed = '';
  await serving(
    () => {},
    async (baseUrl) => {
      closed = baseUrl;
    },
  );
  await expect(testHttp({ baseUrl: closed, retry: { attempts: 2 } }).http.json('/x')).rejects.toMatchObject({
    code: 'UNREACHABLE',
    exitCode: 75,
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('an abort takes effect within a second, during a response, a retry delay and a rate limit', async () => {
  let asked = 0;
  await serving(
    (request, response) => {
      asked++;
      if (request.url === '/busy') response.writeHead(503, { 'retry-after': '30' }).end();
    },
    async (baseUrl) => {
      for (const [path, settings] of [
        ['/silent', {}],
        ['/busy', {}],
        ['/busy', { retry: { delay: 30 } }],
      ] as const) {
        const stop = new AbortController();
        const { http } = testHttp({ baseUrl, ...settings }, stop.signal);
        const before = asked;
        const work = collect(http.pages(path));
        work.catch(() => {});
        await expect.poll(() => asked).toBe(before + 1);
        await new Promise((resolve) => setTimeout(resolve, 100));
        const start = performance.now();
        stop.abort(new Error('stopped'));
        await expect(work).rejects.toThrow('stopped');
        expect(performance.now() - start).toBeLessThan(1000);
        expect(asked).toBe(before + 1);
      }
    },
  );
});

test('the size limit counts decompressed bytes', async () => {
  await serving(
    (_, response) =>
      response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(' '.repeat(5_000_000))),
    async (baseUrl) => {
      await expect(testHttp({ baseUrl, maxBodyBytes: 1_000_000 }).http.json('/x')).rejects.toMatchObject({
        code: 'DATA_INVALID',
      });
    },
  );
});

test('a caller that stops reading cancels the request for the next page', async () => {
  let ended = 0;
  await serving(
    (request, response) => {
      if (request.url === '/x?page=1') response.writeHead(200, json).end('[{"id":1}]');
      else response.on('close', () => ended++);
    },
    async (baseUrl) => {
      for await (const _ of testHttp({ baseUrl }).http.pages('/x', { pagination: { type: 'page' } })) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        break;
      }
      await expect.poll(() => ended).toBe(1);
    },
  );
});
