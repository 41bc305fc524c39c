import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connector, defineSource, int64, isAriesError } from '@aries-data/sdk';
import { memoryStaging, openStore, type Store } from '@aries-data/stores';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../../../../test/folders/temporary-folder.ts';
import { fileError } from '../../../stores/src/file-errors.ts';
import { extract } from '../extract/extract.ts';

/** A source whose records are as large as it takes, and which waits before the last batch. */
function sourceOf(batches: number, before: (batch: number) => Promise<void> = async () => {}): Connector {
  const source = defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      items: stream({
        schema: z.object({ id: int64(), text: z.string() }),
        primaryKey: ['id'],
        async *read() {
          for (let batch = 0; batch < batches; batch++) {
            await before(batch);
            // Text that no compressor makes smaller.
            yield Array.from({ length: 100 }, (_, index) => ({
              id: String(batch * 100 + index),
              text: Array.from({ length: 60 }, () => Math.random().toString(36)).join(''),
            }));
          }
        },
      }),
    }),
  });
  return { name: 'test', version: '1.0.0', source };
}

const run = (connector: Connector, staging: Store | string) =>
  extract({ source: { connector, config: {} }, staging, name: 'job', runId: 'monday' });

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  return isAriesError(error) ? `${error.exitCode} ${error.code}: ${error.message}` : String(error);
}

async function folder(): Promise<string> {
  const path = await temporaryFolder();
  return path;
}

/** Staging on a disk that takes so many bytes. */
function fullAfter(bytes: number, code: string): Store {
  const store = memoryStaging();
  return {
    ...store,
    write: (key, body) =>
      store.write(
        key,
        (async function* () {
          let left = bytes;
          for await (const chunk of body) {
            left -= chunk.length;
            if (left < 0) {
              const full = Object.assign(new Error(`${code}: no space left on device, write`), { code });
              throw fileError(full, `/staging/${key}`);
            }
            yield chunk;
          }
        })(),
      ),
  };
}

test.each(['ENOSPC', 'EDQUOT'])(
  'a full disk (%s) is what the extract ends with, not what follows from it',
  async (code) => {
    const store = fullAfter(300_000, code);
    expect(await failureOf(run(sourceOf(40), store))).toMatch(
      new RegExp(`^75 RESOURCE_BUSY: There is no space for /staging/job/monday/extract/items/.*zst: ${code}: `),
    );
    expect(await Array.fromAsync(store.list(''))).toEqual([]);
  },
);

test('a folder that cannot be made says why', async () => {
  // No user may make a folder there, whatever the file system says of it.
  expect(await failureOf(run(sourceOf(1), '/sys/aries/staging'))).toMatch(
    /^77 NOT_ALLOWED: \/sys\/aries\/.*: E(?:ROFS|PERM|ACCES): .*mkdir '\/sys\/aries'/,
  );
});

test('a finished extract is given back by a staging that takes nothing any more', async () => {
  const store = memoryStaging();
  const { dataset } = await run(sourceOf(1), store);
  const readOnly: Store = {
    ...store,
    check: async () => {
      throw fileError(Object.assign(new Error('EROFS: read-only file system'), { code: 'EROFS' }), '/staging');
    },
  };
  expect((await run(sourceOf(1), readOnly)).dataset).toBe(dataset);
  const other = extract({
    source: { connector: sourceOf(1), config: {} },
    staging: readOnly,
    name: 'job',
    runId: 'next',
  });
  expect(await failureOf(other)).toMatch(/^77 NOT_ALLOWED: \/staging: EROFS/);
});

test('the attempt that commits removes what dead ones left, of its own step', async () => {
  const staging = await folder();
  const left = ['extract/items/0a1b2c3d4e5f-00000.ndjson.zst', 'extract/manifest.json', 'extract.p1/items/x-00000.csv'];
  for (const name of left) {
    await mkdir(join(staging, 'job/monday', name, '..'), { recursive: true });
    await writeFile(join(staging, 'job/monday', `${name}.0123456789abcdef.tmp`), 'half');
  }
  await run(sourceOf(1), staging);
  const files = (await readdir(staging, { recursive: true })).filter((name) => name.endsWith('.tmp'));
  expect(files).toEqual(['job/monday/extract.p1/items/x-00000.csv.0123456789abcdef.tmp']);
});

test('what a living attempt writes is taken from it only once it cannot commit any more', async () => {
  const staging = await folder();
  const reached = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const slow = run(
    sourceOf(4, async (batch) => {
      if (batch < 3) return;
      reached.resolve();
      await goOn.promise;
    }),
    staging,
  );
  await reached.promise;
  const { dataset } = await run(sourceOf(1), staging);
  goOn.resolve();
  expect(await failureOf(slow)).toMatch(/^75 ATTEMPT_CONFLICT: /);
  expect((await run(sourceOf(1), staging)).dataset).toBe(dataset);
  expect((await readdir(staging, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a document that is discarded while it is written is written again', async () => {
  const staging = await folder();
  const store = await openStore(staging);
  for (let round = 0; round < 20; round++) {
    const written = store.writeIfAbsent(`state/${round}.json`, Buffer.alloc(100_000, 'x'));
    const discarding = (async () => {
      for (let once = 0; once < 5; once++)
        await store.discard((await store.unfinished('state/')).map(({ ticket }) => ticket));
    })();
    expect(await written).toBe(true);
    await discarding;
  }
  expect(await Array.fromAsync(store.list('state/'))).toHaveLength(20);
});
