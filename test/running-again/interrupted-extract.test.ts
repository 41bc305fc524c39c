import { globSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readDataset } from '@aries-data/engine';
import { describe, expect, test } from 'vitest';
import { runAries } from '../../packages/cli/src/testing/run-aries.ts';
import { temporaryFolder } from '../folders/temporary-folder.ts';
import { item, operator, start, succeeded, UNHURRIED, until } from './operator.ts';

const TEN = Array.from({ length: 10 }, (_, index) => item(index, `2026-01-01T00:00:0${index}`));
const CHANGED = TEN.map((one) => ({ ...one, note: 'changed' }));
const LOST = { code: 75, result: { ok: false, error: { code: 'ATTEMPT_CONFLICT' } } };

describe.concurrent('an extract that dies half-way', UNHURRIED, () => {
  test('its retry resumes at the last checkpoint', async () => {
    await using job = await operator({ items: TEN });
    const first = await job.startAndPause('monday', 6);
    first.kill('SIGKILL');
    expect(await first.done).toMatchObject({ code: null });
    await job.resume();

    const second = succeeded(await job.extract('monday'));
    expect(second.streams.items).toMatchObject({ records: 10, rejected: 0 });
    expect(await job.reads()).toEqual([null, 6]);
    succeeded(await job.load('monday'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('a limit counts what the earlier attempt had read', async () => {
    await using job = await operator({ items: TEN });
    const first = await job.startAndPause('monday', 6, ['--limit', '8']);
    first.kill('SIGKILL');
    await first.done;
    await job.resume();
    expect(succeeded(await job.extract('monday', ['--limit', '8'])).streams.items.records).toBe(8);
  });

  test('a web file is resumed at the place where the connection broke', async () => {
    await using web = await slowWeb();
    const staging = await temporaryFolder();
    const args = [
      'extract',
      'file',
      '--config',
      JSON.stringify({ url: web.url }),
      '--staging',
      staging,
      '--name',
      'web',
      '--run-id',
      'monday',
    ];
    const first = start(args);
    await until(() => globSync(join(staging, '**/*.checkpoint.json')).length > 0, first.done);
    first.kill('SIGKILL');
    await first.done;
    web.letGo();

    const result = succeeded(await runAries(args));
    expect(result.streams.numbers).toMatchObject({ records: web.count, rejected: 0 });
    expect(web.ranges).toEqual([undefined, expect.stringMatching(/^bytes=[1-9]\d+-$/)]);
    const ids = (await Array.fromAsync(await readDataset(result.dataset))).flat().map(({ id }: { id: number }) => id);
    expect(ids).toEqual(Array.from({ length: web.count }, (_, id) => id));
  });
});

describe.concurrent('two attempts', UNHURRIED, () => {
  test('one sleeps and wakes up after the other has committed: nothing changes', async () => {
    await using job = await operator({ items: TEN });
    const zombie = await job.startAndPause('monday', 6);
    zombie.kill('SIGSTOP');
    await job.resume();
    const { dataset } = succeeded(await job.extract('monday'));
    succeeded(await job.load('monday'));

    zombie.kill('SIGCONT');
    expect(await zombie.done).toMatchObject(LOST);
    expect(succeeded(await job.extract('monday')).dataset).toBe(dataset);
    expect(succeeded(await job.load('monday')).streams.items.outcome).toBe('already-loaded');
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('at once: one wins, the other ends with 75, and its retry returns the dataset that won', async () => {
    await using job = await operator({ items: TEN });
    const one = await job.startAndPause('monday', 6);
    const other = job.start('extract', 'monday');
    while ((await job.reads()).length < 2) await sleep(5);
    await job.resume();

    const [won, lost] = [await one.done, await other.done].sort((a, b) => Number(a.code) - Number(b.code));
    const { dataset } = succeeded(won!);
    expect(lost).toMatchObject(LOST);
    expect(succeeded(await job.extract('monday')).dataset).toBe(dataset);
    succeeded(await job.load('monday'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('with --force, one sleeps and wakes up after the other has replaced the dataset: nothing changes', async () => {
    await using job = await operator({ items: TEN, stream: { mode: 'full' } });
    await job.both('monday');
    await job.change(CHANGED.toReversed());
    const zombie = await job.startAndPause('monday', 6, ['--force']);
    zombie.kill('SIGSTOP');
    await job.resume();
    await job.change(CHANGED);
    const { dataset } = succeeded(await job.extract('monday', ['--force']));
    expect(await job.reads()).toEqual([null, null, null]);

    zombie.kill('SIGCONT');
    expect(await zombie.done).toMatchObject(LOST);
    expect(succeeded(await job.extract('monday')).dataset).toBe(dataset);
    succeeded(await job.load('monday'));
    expect(await job.table()).toEqual(await job.undisturbed());
  });

  test('with --force, one dies: the old dataset stays valid until another attempt is complete', async () => {
    await using job = await operator({ items: TEN, stream: { mode: 'full' } });
    const { dataset } = succeeded(await job.extract('monday'));
    await job.change(CHANGED);
    const forced = await job.startAndPause('monday', 6, ['--force']);
    forced.kill('SIGKILL');
    await forced.done;
    await job.resume();
    succeeded(await job.load('monday'));
    expect(await job.table()).toEqual(TEN);
    expect(succeeded(await job.extract('monday')).dataset).toBe(dataset);

    succeeded(await job.extract('monday', ['--force']));
    succeeded(await job.load('monday'));
    expect(await job.table()).toEqual(CHANGED);
  });
});

/** Serves a file and stalls after two thirds of it, until it is released. */
async function slowWeb() {
  const count = 40_000;
  const file = Buffer.from(
    Array.from({ length: count }, (_, id) => `{"id":${id},"note":"${'x'.repeat(50)}"}\n`).join(''),
  );
  const third = Math.floor(file.length / 3);
  const ranges: (string | undefined)[] = [];
  let slow = true;
  const server = createServer(async (request, response) => {
    const { range } = request.headers;
    ranges.push(range);
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const headers = { etag: '"1"', 'content-length': file.length - from };
    response.writeHead(
      range === undefined ? 200 : 206,
      range === undefined
        ? headers
        : { ...headers, 'content-range': `bytes ${from}-${file.length - 1}/${file.length}` },
    );
    if (!slow) return void response.end(file.subarray(from));
    response.write(file.subarray(0, third));
    await sleep(700);
    response.write(file.subarray(third, 2 * third));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/numbers.ndjson`,
    count,
    ranges,
    letGo() {
      slow = false;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
