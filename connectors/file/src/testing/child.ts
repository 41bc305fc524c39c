/**
 * Loads a dataset in a separate process, which tests kill: `node child.ts INPUT PATH DISPOSITION STEP`. It prints a line when it
 * reaches the step, such as `after writeIfAbsent`, and waits there. `writing` is reached when half of the file is written.
 */

import { load } from '@aries-data/engine';
import type { Connector } from '@aries-data/sdk';
import { openStore, type Store } from '@aries-data/stores';
import { destination } from '../destination/destination.ts';
import { storeSession } from '../destination/session.ts';
import { steppedStore } from './stepped-store.ts';

/** The step at which to stop. */
export type Stop = 'writing' | `${'before' | 'after'} ${'prepare' | 'writeIfAbsent' | 'publish' | 'remove'}`;

const [, , input = '', path = '', disposition = 'replace', step = ''] = process.argv;

async function reached(name: string): Promise<void> {
  if (name !== step) return;
  console.log(name);
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

async function* stopping(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    yield chunk.subarray(0, chunk.length / 2);
    await reached('writing');
    yield chunk.subarray(chunk.length / 2);
  }
}

const store = steppedStore(await openStore(path), ({ name }) => reached(name));
const slow: Store = { ...store, prepare: (names, body, signal) => store.prepare(names, stopping(body), signal) };
const open: typeof destination.open = async (context) => storeSession(slow, context);
const connector: Connector = { name: 'file', version: '0.0.0', destination: { ...destination, open } };
await load({
  destination: { connector, config: { path } },
  input: [input],
  disposition: disposition as 'replace' | 'append',
});
