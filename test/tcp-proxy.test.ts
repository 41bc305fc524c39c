import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';
import { startProxy } from './services/tcp-proxy.ts';

// Answers all data with the same text in capitals.
const received: string[] = [];
const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
  socket.on('data', (data) => {
    received.push(String(data));
    socket.write(String(data).toUpperCase());
  });
  socket.on('end', () => socket.end());
  socket.on('error', () => {});
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as { port: number };
const target = { host: '127.0.0.1', port };
afterAll(() => void server.close());

async function client(proxy: { port: number }) {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  // Each proxy resets open connections when its test ends.
  socket.on('error', () => {});
  return socket;
}
const errorOf = async (socket: Socket) => (await once(socket, 'error'))[0].code as string;

test('passes data both ways, and the end', async () => {
  await using proxy = await startProxy(target);
  const socket = await client(proxy);
  socket.end('hello');
  expect(await text(socket)).toBe('HELLO');
});

test('passes more data than the buffers hold', async () => {
  await using proxy = await startProxy(target);
  const socket = await client(proxy);
  const long = 'abcdefghij'.repeat(2_000_000);
  socket.end(long);
  expect((await text(socket)) === long.toUpperCase()).toBe(true);
});

test('cut resets both sides', async () => {
  await using proxy = await startProxy(target);
  const socket = await client(proxy);
  socket.write('x');
  await once(socket, 'data');
  expect(proxy.connections).toBe(1);
  proxy.cut();
  expect(await errorOf(socket)).toBe('ECONNRESET');
  expect(proxy.connections).toBe(0);
});

test('refuse turns new connections away and lets open ones live', async () => {
  await using proxy = await startProxy(target);
  const open = await client(proxy);
  open.write('a');
  await once(open, 'data');
  await proxy.refuse(true);
  await expect(client(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  open.write('b');
  expect(String((await once(open, 'data'))[0])).toBe('B');
  await proxy.refuse(false);
  (await client(proxy)).destroy();
});

test('delay holds data back and keeps its order', async () => {
  await using proxy = await startProxy(target);
  proxy.delay(50);
  const socket = await client(proxy);
  const start = performance.now();
  socket.write('one ');
  setTimeout(() => {
    proxy.delay(0);
    socket.end('two');
  }, 20);
  expect(await text(socket)).toBe('ONE TWO');
  expect(performance.now() - start).toBeGreaterThan(48);
});

test('cutAfterBytes passes exactly that many, once', async () => {
  await using proxy = await startProxy(target);
  proxy.cutAfterBytes(3, 'down');
  const socket = await client(proxy);
  let got = '';
  socket.on('data', (data) => {
    got += data;
  });
  socket.write('abcdef');
  expect(await errorOf(socket)).toBe('ECONNRESET');
  expect(got).toBe('ABC');
  const next = await client(proxy);
  next.end('whole');
  expect(await text(next)).toBe('WHOLE');
});

test('cutAfterBytes(0, down) lets the request arrive and loses the response', async () => {
  await using proxy = await startProxy(target);
  const socket = await client(proxy);
  proxy.onUpstreamData((data) => {
    if (data.includes('commit')) proxy.cutAfterBytes(0, 'down');
  });
  socket.write('commit 1');
  expect(await errorOf(socket)).toBe('ECONNRESET');
  expect(received).toContain('commit 1');
});

test('a cut from onUpstreamData keeps the data from arriving', async () => {
  await using proxy = await startProxy(target);
  const socket = await client(proxy);
  proxy.onUpstreamData((data) => {
    if (data.includes('commit')) proxy.cut();
  });
  socket.write('commit 2');
  expect(await errorOf(socket)).toBe('ECONNRESET');
  expect(received).not.toContain('commit 2');
});

test('resets the client when the server cannot be reached', async () => {
  await using proxy = await startProxy({ host: '127.0.0.1', port: 1 });
  const socket = await client(proxy);
  expect(await errorOf(socket)).toBe('ECONNRESET');
});
