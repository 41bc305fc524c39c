import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { listen } from './listen.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function serve() {
  const server = await listen(
    { host: '127.0.0.1', port: 0 },
    { '/there': () => ({ status: 503, type: 'text/plain', body: 'hé' }) },
  );
  closing.push(server.close);
  return server.url;
}

test('pages are served to GET by their paths, everything else is refused', async () => {
  const url = await serve();
  const found = await fetch(`${url}/there?x=1`);
  expect([found.status, found.headers.get('content-type'), await found.text()]).toEqual([503, 'text/plain', 'hé']);
  for (const path of ['/', '/there/', '/toString', '/__proto__', '/..%2fthere']) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  }
  const posted = await fetch(`${url}/there`, { method: 'POST', body: 'x' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
});

test('a port that is taken ends with 75', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  closing.push(() => other.close());
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as AddressInfo;
  await expect(listen({ host: '127.0.0.1', port }, {})).rejects.toMatchObject({
    code: 'RESOURCE_BUSY',
    message: `--listen 127.0.0.1:${port}: the port is taken`,
  });
});

test('an address of another machine is a usage error', async () => {
  await expect(listen({ host: '192.0.2.1', port: 0 }, {})).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
});
