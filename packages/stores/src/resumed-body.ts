import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';

/** Options of `resumedBody`. */
export interface ResumedBody {
  /** Name for error messages. */
  name: string;
  /**
   * Requests the same object again, from byte `from`. `offset` is where the new body begins: at `from`, or at 0 if the server can only send
   * all of it.
   */
  reopen(from: number): Promise<{ body: AsyncIterable<Uint8Array>; offset: number }>;
  signal?: AbortSignal | undefined;
}

/** The most attempts in a row that return no bytes. */
const MOST_FAILURES = 5;
const FIRST_PAUSE_MS = 200;

/**
 * Reads a body from a network, and requests the rest again if it breaks off or stalls. Throws `UNREACHABLE` naming it after five attempts
 * in a row without a byte.
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
