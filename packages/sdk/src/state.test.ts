import { expect, test } from 'vitest';
import { cursorOrder } from './cursor.ts';
import { holdsState, moveState, readState } from './state.ts';
import { memoryStaging } from './stores/memory.ts';

const at = (cursor: string, ...keys: string[]) => ({ cursor, keys: keys.map((key) => [key]) });

test('where another process moves the state first, the change is asked for again', async () => {
  const store = memoryStaging();
  let asked = 0;
  const moved = await moveState(store, 'job', async ({ streams }) => {
    asked++;
    // The other one writes while this one makes up its mind.
    if (asked === 1) await moveState(store, 'job', async () => ({ items: at('2'), others: at('1') }));
    return { items: streams.items === undefined ? at('1') : at('3') };
  });
  expect(asked).toBe(2);
  expect(moved).toMatchObject({ version: 2, streams: { items: at('3'), others: at('1') } });
  expect(await readState(store, 'job')).toEqual(moved);
});

test('a change that changes nothing writes nothing; null forgets a stream', async () => {
  const store = memoryStaging();
  await moveState(store, 'job', async () => ({ items: at('1'), others: at('1') }));
  expect(await moveState(store, 'job', async () => ({ items: at('1') }))).toMatchObject({ version: 1 });
  await moveState(store, 'job', async () => ({ items: null }));
  expect(await readState(store, 'job')).toMatchObject({ version: 2, streams: { others: at('1') } });
  expect((await readState(store, 'job')).streams.constructor).toBeUndefined();
});

test('a state holds another where it is further, or as far with all of its keys', () => {
  const order = cursorOrder('integer');
  expect(holdsState(at('10'), at('9', 'a'), order)).toBe(true);
  expect(holdsState(at('9', 'a', 'b'), at('9', 'b'), order)).toBe(true);
  expect(holdsState(at('9', 'a'), at('9', 'b'), order)).toBe(false);
  expect(holdsState(at('9'), at('10'), order)).toBe(false);
  expect(holdsState(null, at('1'), order)).toBe(false);
  expect(holdsState(null, null, order)).toBe(true);
});
