import { extract } from '@aries-data/engine';
import { AriesError, checkpoint, defineSource, type Source, toAriesError } from '@aries-data/sdk';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { sealed } from '../../packages/engine/src/dataset/sealed.ts';
import { moveState } from '../../packages/engine/src/rules/state.ts';
import { memoryStaging } from '../../packages/stores/src/memory.ts';
import { HOSTILE, placesIn, withValue } from './hostile-values.ts';
import { copyOf, keysOf, replaceObject } from './tamper.ts';

const RECORDS = 30;
const positionSchema = z.object({ at: z.int().min(10).max(RECORDS).multipleOf(10) });

/** Numbers up to 30, ten at a time; it breaks off before one of them. */
const numbers = (breaksAt = Infinity) =>
  defineSource({
    config: z.object({}),
    streams: ({ stream }) => ({
      items: stream({
        schema: z.object({ id: z.int(), name: z.string() }),
        primaryKey: ['id'],
        cursor: 'id',
        position: positionSchema,
        async *read({ position }) {
          for (let at = position?.at ?? 0; at < RECORDS; at += 10) {
            if (at >= breaksAt) throw new AriesError('UNREACHABLE', 'gone');
            yield Array.from({ length: 10 }, (_, index) => ({ id: at + index, name: 'a' }));
            // A checkpoint is kept once half a second has gone by.
            await new Promise((resolve) => setTimeout(resolve, breaksAt === Infinity ? 0 : 600));
            yield checkpoint({ at: at + 10 });
          }
        },
      }),
    }),
  });

const extracting = (staging: ReturnType<typeof memoryStaging>, source: Source) =>
  extract({
    source: { connector: { name: 'numbers', version: '0', source }, config: {} },
    staging,
    name: 'job',
    runId: 'one',
  });

test('a checkpoint with a hostile value in any place is passed over, refused, or says the same', async () => {
  const store = memoryStaging();
  await expect(extracting(store, numbers(20))).rejects.toMatchObject({ code: 'UNREACHABLE' });
  const keys = await keysOf(store, '.checkpoint.json');
  expect(keys.length).toBeGreaterThan(0);
  const key = keys.at(-1)!;
  const { checksum: _, ...entry } = JSON.parse(String(await store.read(key)));
  const wrong: string[] = [];
  for (const place of placesIn(entry)) {
    // That it was read to its end can be said of any checkpoint, and then is.
    if (place.join('.') === 'complete') continue;
    for (const value of [undefined, ...HOSTILE]) {
      const copy = await copyOf(store);
      await replaceObject(copy, key, sealed({ compact: true }, withValue(entry, place, value)));
      const ended = await extracting(copy, numbers()).then(({ streams }) => streams.items!.records, toAriesError);
      const fine = ended === RECORDS || (typeof ended === 'object' && [65, 78].includes(ended.exitCode));
      if (!fine)
        wrong.push(
          `${place.join('.')} = ${JSON.stringify(value)?.slice(0, 60)}: ${typeof ended === 'object' ? ended.stack : ended}`,
        );
    }
  }
  expect(wrong).toEqual([]);
});

test('a state with a hostile value in any place is refused by name, or says the same', async () => {
  const store = memoryStaging();
  await moveState(store, 'job', async () => ({ items: { cursor: '9', keys: [[9]] } }));
  const [key] = (await keysOf(store, '.json')) as [string];
  const { checksum: _, ...state } = JSON.parse(String(await store.read(key)));
  const wrong: string[] = [];
  for (const place of placesIn(state)) {
    for (const value of [undefined, ...HOSTILE]) {
      const copy = await copyOf(store);
      await replaceObject(copy, key, sealed({}, withValue(state, place, value)));
      const ended = await extracting(copy, numbers()).then(({ streams }) => streams.items!.records, toAriesError);
      const fine = typeof ended === 'number' || (ended.exitCode === 65 && /state/.test(ended.message));
      if (!fine) wrong.push(`${place.join('.')} = ${JSON.stringify(value)?.slice(0, 60)}: ${ended.stack}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(Object.prototype).not.toHaveProperty('polluted');
});
