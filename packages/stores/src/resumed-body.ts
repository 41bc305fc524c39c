import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';

/** How a body that breaks off is asked for again. */
export interface ResumedBody {
  /** How errors name it. */
  name: string;
  /**
   * Asks for the bytes from here on, of the same object as before. `offset` says where the answer begins: at `from`, or at 0
   * where the server only has the whole.
   */
  reopen(from: number): Promise<{ body: AsyncIterable<Uint8Array>; offset: number }>;
  signal?: AbortSignal | undefined;
}

/** Tries in a row that bring no byte. */
const MOST_FAILURES = 5;
const FIRST_PAUSE_MS = 200;

/**
 * The bytes of a body that comes over a network: where it breaks off or stalls, the rest is asked for again. Throws
 * `UNREACHABLE` naming it once five tries in a row have brought nothing.
 *
 * @example
 * const url = 'https://example.com/a.csv';
 * const rest = async (from: number) => (await fetch(url, { headers: { range: `bytes=${from}-` } })).body!;
 * const body = resumedBody(await rest(0), { name: url, reopen: async (from) => ({ body: await rest(from), offset: from }) });
 */
export async function* resumedBody(
  first: AsyncIterable<Uint8Array>,
  { name, reopen, signal }: ResumedBody,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let failures = 0;
  for (let isFirst = true; ; isFirst = false) {
    try {
      const { body, offset } = isFirst ? { body: first, offset: 0 } : await reopen(bytes);
      let known = bytes - offset;
      for await (const chunk of body) {
        const fresh = chunk.subarray(Math.min(known, chunk.byteLength));
        known -= chunk.byteLength - fresh.byteLength;
        if (fresh.byteLength === 0) continue;
        bytes += fresh.byteLength;
        failures = 0;
        yield fresh;
      }
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isWorthAnotherTry(error)) throw error;
      if (++failures >= MOST_FAILURES) {
        throw new AriesError(
          'UNREACHABLE',
          `${name} broke off after ${bytes} bytes, ${MOST_FAILURES} times in a row: ${toAriesError(error).message}`,
          { cause: error, hint: 'Check the network and the server, then try again.' },
        );
      }
      await sleep(FIRST_PAUSE_MS * 2 ** (failures - 1) * (0.5 + Math.random()), undefined, { signal });
    }
  }
}

function isWorthAnotherTry(error: unknown): boolean {
  return !isAriesError(error) || error.code === 'UNREACHABLE';
}
