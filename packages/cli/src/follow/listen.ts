import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AriesError } from '@aries-data/sdk';
import type { Address } from './address.ts';

/** The answer to a request. */
export interface Page {
  status: number;
  type: string;
  body: string;
}

/** Far more than probes and scrapers open. */
const MOST_CONNECTIONS = 64;
const REQUEST_MS = 10_000;

/**
 * Serves pages by their paths, to `GET` only, until `close`. Port 0 takes a free one; `url` says which. Throws `RESOURCE_BUSY` if the
 * port is taken, `NOT_ALLOWED` if it may not be opened, and `USAGE` if this machine has no such address.
 */
export async function listen(
  { host, port }: Address,
  pages: Readonly<Record<string, () => Page>>,
): Promise<{ url: string; close(): void }> {
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, (request, response) => {
    const { status, type, body } = answer(request.method, request.url, pages);
    // Each connection serves one request, so that an idle one holds nothing up.
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' };
    response.writeHead(status, { ...headers, ...(status === 405 ? { allow: 'GET' } : {}), connection: 'close' });
    response.end(body);
  });
  server.maxConnections = MOST_CONNECTIONS;
  await open(server, { host, port });
  // A run that never ends is found even if something listens.
  server.unref();
  return {
    url: urlOf(server.address() as AddressInfo),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function answer(method: string | undefined, url = '/', pages: Readonly<Record<string, () => Page>>): Page {
  const path = url.split('?')[0]!;
  const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
  if (page === undefined) return text(404, 'There is no such page.\n');
  if (method !== 'GET') return text(405, 'Use GET.\n');
  return page();
}

function text(status: number, body: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body };
}

async function open(server: Server, { host, port }: Address): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen({ host, port }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw cannotListen(cause as NodeJS.ErrnoException, { host, port });
  }
  server.off('error', reject);
  server.on('error', () => {});
}

function cannotListen(cause: NodeJS.ErrnoException, { host, port }: Address): AriesError {
  const where = `${host}:${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new AriesError('RESOURCE_BUSY', `--listen ${where}: the port is taken`, {
        cause,
        hint: 'Choose another port, or 0 for a free one.',
      });
    case 'EACCES':
      return new AriesError('NOT_ALLOWED', `--listen ${where}: this user may not open the port`, {
        cause,
        hint: 'Choose a port above 1023.',
      });
    default:
      return new AriesError('USAGE', `--listen ${where}: this machine has no such address (${cause.code})`, {
        cause,
        hint: 'Give a port alone, or 0.0.0.0 and a port to be reached from outside.',
      });
  }
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
