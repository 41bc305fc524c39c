import { memoryStaging } from '@aries-data/sdk/testing';
import { describe, expect, test } from 'vitest';
import { objectOutlet } from './object-outlet.ts';

const signal = new AbortController().signal;

async function* body(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('a');
  yield Buffer.from('b');
}

async function* brokenBody(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('a');
  throw new Error('broken');
}

async function keysOf(store: ReturnType<typeof memoryStaging>): Promise<string[]> {
  return (await Array.fromAsync(store.list(''))).map(({ key }) => key);
}

describe.each([
  ['a name that is known', 'x.csv'],
  ['a name that is known at the end', undefined],
])('%s', (_, name) => {
  test('is there once it is published, and not before', async () => {
    const store = memoryStaging();
    const outlet = objectOutlet(store, name, signal);
    await outlet.fill(body());
    expect(await store.read('x.csv')).toBeNull();
    await outlet.publish('x.csv');
    expect((await store.read('x.csv'))?.toString()).toBe('ab');
    expect(await keysOf(store)).toEqual(['x.csv']);
  });

  test('leaves nothing where it is discarded, or where its bytes broke off', async () => {
    const store = memoryStaging();
    const discarded = objectOutlet(store, name, signal);
    await discarded.fill(body());
    await discarded.discard();
    const broken = objectOutlet(store, name, signal);
    await expect(broken.fill(brokenBody())).rejects.toThrow('broken');
    await broken.discard();
    await objectOutlet(store, name, signal).discard();
    expect(await keysOf(store)).toEqual([]);
  });
});
