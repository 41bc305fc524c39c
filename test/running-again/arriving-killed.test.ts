import { globSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { load, readDataset } from '@aries-data/engine';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as file from '../../connectors/file/src/index.ts';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { start, succeeded, UNHURRIED, until } from './commands.ts';

const lines = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => `{"id":${from + index},"note":"${'x'.repeat(50)}"}\n`).join('');
const range = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

const IN_WEB = 40_000;
const PIECE_BYTES = 16_384;

/**
 * A web server that sends half of its file at once and the rest slowly, until it is let go. It never stops sending, because a checkpoint is
 * written only when records come.
 */
async function slowWeb() {
  const body = Buffer.from(lines(1_000_000, IN_WEB));
  const half = Math.floor(body.length / 2);
  let isSlow = true;
  const server = createServer((request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const headers = { etag: '"1"', 'content-length': body.length - from };
    if (from === 0) response.writeHead(200, headers);
    else response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` });
    if (!isSlow) return void response.end(body.subarray(from));
    let sent = Math.max(from, half);
    response.write(body.subarray(from, sent));
    const timer = setInterval(() => {
      response.write(body.subarray(sent, sent + PIECE_BYTES));
      sent += PIECE_BYTES;
      if (sent >= body.length) response.end();
    }, 100);
    response.once('close', () => clearInterval(timer));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/z.ndjson`,
    /** From now on, the file comes in one piece. */
    letGo() {
      isSlow = false;
    },
  };
}

describe('an extract of arriving files that is killed', UNHURRIED, () => {
  test('in the middle of a file: its retry reads the rest of the same files, once', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'in'));
    const put = (name: string, text: string) => writeFile(join(folder, 'in', name), text);
    const web = await slowWeb();
    await put('b.ndjson', lines(0, 3000));
    await put('c.ndjson', lines(3000, 3000));
    const config = { url: [join(folder, 'in/*.ndjson'), web.url], stream: 'items', incremental: true, settle: '0s' };
    const args = (run: string) => [
      ...['extract', 'file', '--config', JSON.stringify(config), '--staging', join(folder, 'staging')],
      ...['--name', 'job', '--run-id', run],
    ];
    const first = start(args('monday'));
    await until(() => globSync(join(folder, 'staging/**/*.checkpoint.json')).length > 0, first.done);
    first.kill('SIGKILL');
    expect(await first.done).toMatchObject({ code: null });

    // Meanwhile a file arrives before and after those that were read, and one of these changes.
    await put('a.ndjson', lines(10_000, 1));
    await put('d.ndjson', lines(20_000, 1));
    await put('b.ndjson', lines(0, 3001));
    web.letGo();
    const monday = succeeded(await runAries(args('monday')));
    const ids = async (dataset: string) =>
      (await Array.fromAsync(await readDataset(dataset))).flat().map(({ id }: { id: number }) => id);
    expect(await ids(monday.dataset)).toEqual([...range(0, 6000), ...range(1_000_000, IN_WEB)]);
    // Each attempt that began from the start would have kept a list of its own.
    expect(globSync(join(folder, 'staging/job/kept/*'))).toHaveLength(1);

    const destination = {
      connector: { name: 'file', version: '0.0.0', destination: file.destination },
      config: { path: join(folder, 'out') },
    };
    await load({ destination, input: [monday.dataset], disposition: 'append' });
    const tuesday = succeeded(await runAries(args('tuesday')));
    expect(await ids(tuesday.dataset)).toEqual([10_000, ...range(0, 3001), 20_000]);
  });
});
