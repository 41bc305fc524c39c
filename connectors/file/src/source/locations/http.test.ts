import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { failure, read } from '../../testing/read.ts';

/** Starts a web server for a test; returns its URL and the requests it got. */
async function serve(listener: RequestListener): Promise<{ url: string; asked: IncomingMessage[] }> {
  const asked: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    asked.push(request);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

function send(body: string | Uint8Array, headers: Record<string, string> = {}) {
  return (_request: IncomingMessage, response: ServerResponse) => void response.writeHead(200, headers).end(body);
}

test('a file is read, with its format taken from its name or its content', async () => {
  const { url } = await serve(send('[{"a":1}]'));
  expect((await read({ url: `${url}/x.json` })).texts).toEqual(['{"a":1}']);
  expect((await read({ url: `${url}/download?file=x` })).texts).toEqual(['{"a":1}']);
});

test('gz, with and without a server that decompresses', async () => {
  const plain = await serve(send(gzipSync('{"a":1}\n')));
  expect((await read({ url: `${plain.url}/x.ndjson.gz` })).texts).toEqual(['{"a":1}']);
  const encoded = await serve(send(gzipSync('{"a":1}\n'), { 'content-encoding': 'gzip' }));
  expect((await read({ url: `${encoded.url}/x.ndjson.gz` })).texts).toEqual(['{"a":1}']);
});

test('redirects are followed', async () => {
  const { url } = await serve((request, response) => {
    if (request.url === '/x.csv') send('a\n1\n')(request, response);
    else response.writeHead(302, { location: '/x.csv' }).end();
  });
  expect((await read({ url: `${url}/latest.csv` })).texts).toEqual(['{"a":1}']);
});

test('credentials go into a header, and neither they nor the query into a message', async () => {
  const { url, asked } = await serve((_, response) => void response.writeHead(403, 'Forbidden').end());
  const secret = url.replace('//', '//user:pa%40ss@');
  expect((await failure(read({ url: `${secret}/a/x.json?token=secret` }))).replace(url, '')).toBe(
    'NOT_ALLOWED: /a/x.json answered 403 Forbidden — Check the credentials in the url, or that its signature has not expired.',
  );
  expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:pa@ss').toString('base64')}`);
  expect(asked[0]?.url).toBe('/a/x.json?token=secret');
});

test.each([
  [401, 'NOT_ALLOWED'],
  [403, 'NOT_ALLOWED'],
  [404, 'NOT_FOUND'],
  [410, 'NOT_FOUND'],
  [429, 'UNREACHABLE'],
  [500, 'UNREACHABLE'],
  [503, 'UNREACHABLE'],
  [400, 'CONFIG_INVALID'],
])('status %i is %s', async (status, code) => {
  const { url } = await serve((_, response) => void response.writeHead(status).end());
  await expect(read({ url: `${url}/x.json` })).rejects.toMatchObject({ code });
});

test('a server that cannot be reached', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  expect(await failure(read({ url: `http://user:secret@127.0.0.1:${port}/x.json?token=secret` }))).toBe(
    `UNREACHABLE: http://127.0.0.1:${port}/x.json cannot be reached: connect ECONNREFUSED 127.0.0.1:${port} — Check the url and that the server is up, then try again.`,
  );
});

test('a body that breaks off is not the end of the file', async () => {
  for (const headers of [{ 'content-length': '1000' }, {}] as Record<string, string>[]) {
    const { url } = await serve((_, response) => {
      response.writeHead(200, headers).write('{"a":1}\n{"a":2}\n');
      setTimeout(() => response.destroy(), 20);
    });
    expect((await failure(read({ url: `${url}/x.ndjson` }))).replace(url, '')).toMatch(
      /^UNREACHABLE: \/x\.ndjson broke off after 16 bytes: .+ — Try again\.$/,
    );
  }
});

/** Breaks off the first bodies after a number of bytes. */
function breakingOff(broken: number, bytes: number, listener: RequestListener): RequestListener {
  let count = 0;
  return (request, response) => {
    if (count++ >= broken) return listener(request, response);
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = { etag: '"1"', 'content-range': `bytes ${from}-${LINES.length - 1}/${LINES.length}` };
    response
      .writeHead(from === 0 ? 200 : 206, headers)
      .write(LINES.slice(from, from + bytes), () => response.destroy());
  };
}

test.each([
  ['by ranges', () => ranged(LINES, '"1"')],
  ['by reading over what is known', () => send(LINES, { etag: '"1"' })],
])('a body that breaks off is resumed %s', async (_, rest) => {
  const { url, asked } = await serve(breakingOff(2, 100_000, rest()));
  const { texts } = await read({ url: `${url}/x.ndjson` });
  expect(digest(texts)).toBe(digest(LINES.trim().split('\n')));
  expect(asked.map(({ headers }) => [headers.range, headers['if-match']])).toEqual([
    [undefined, undefined],
    [expect.stringMatching(/^bytes=[1-9]\d*-$/), '"1"'],
    [expect.stringMatching(/^bytes=[1-9]\d*-$/), '"1"'],
  ]);
});

test('a file that changes after its body broke off is not resumed', async () => {
  const { url } = await serve(breakingOff(1, 100_000, send(LINES, { etag: '"2"' })));
  expect((await failure(read({ url: `${url}/x.ndjson` }))).replace(url, '')).toBe(
    'RESOURCE_BUSY: /x.ndjson changed while it was read — Read it again once it is no longer being written.',
  );
});

test('a stop takes effect at once', async () => {
  const { url } = await serve((_, response) => void response.writeHead(200).write('{"a":1}\n'));
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error('stopped')), 50);
  await expect(read({ url: `${url}/x.ndjson` }, { signal: stop.signal })).rejects.toThrow();
});

const LINES = Array.from({ length: 50_000 }, (_, index) => `{"index":${index}}\n`).join('');

function ranged(body: string, etag: string): RequestListener {
  return ({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? -1);
    if (from >= body.length) response.writeHead(416, { etag }).end();
    else if (from < 0) response.writeHead(200, { etag }).end(body);
    else
      response
        .writeHead(206, { etag, 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` })
        .end(body.slice(from));
  };
}

test.each([
  ['by a range', ranged(LINES, '"1"')],
  ['by reading over what is known, where the server has no ranges', send(LINES, { etag: '"1"' })],
])('an interrupted read goes on %s', async (_, listener) => {
  const { url, asked } = await serve(listener);
  const whole = await read({ url: `${url}/x.ndjson` });
  expect(whole.checkpoints.length).toBeGreaterThan(2);
  for (const { position, after } of whole.checkpoints) {
    const rest = await read({ url: `${url}/x.ndjson` }, { position });
    expect(digest(rest.texts)).toBe(digest(whole.texts.slice(after)));
  }
  expect(asked[1]?.headers.range).toMatch(/^bytes=\d+-$/);
});

test('an interrupted read of a file that has changed since fails', async () => {
  const { url } = await serve((request, response) =>
    ranged(LINES, request.headers.range === undefined ? '"1"' : '"2"')(request, response),
  );
  const { checkpoints } = await read({ url: `${url}/x.ndjson` });
  expect(
    (await failure(read({ url: `${url}/x.ndjson` }, { position: checkpoints[0]!.position }))).replace(url, ''),
  ).toBe(
    'DATA_INVALID: /x.ndjson has changed since the interrupted attempt, so the read cannot resume — Use another run id to read from the start.',
  );
});

test('without a version there is no checkpoint', async () => {
  const { url } = await serve(send(LINES));
  expect((await read({ url: `${url}/x.ndjson` })).checkpoints).toEqual([]);
});

function digest(texts: string[]): string {
  return createHash('sha256').update(texts.join('\n')).digest('hex');
}
