import { setTimeout as sleep } from 'node:timers/promises';
import { AriesError, isAriesError, toAriesError } from '../errors.ts';

/** How a body that breaks off is asked for again. */
export interface ResumedBody {
  /** How errors name it. */
  name: string;
  /** The bytes from here on, as long as they are still of the same object. */
  reopen(from: number): Promise<AsyncIterable<Uint8Array>>;
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
 * const body = resumedBody(await get(0), { name: 'https://example.com/a.csv', reopen: get });
 */
export async function* resumedBody(
  first: AsyncIterable<Uint8Array>,
  { name, reopen, signal }: ResumedBody,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let failures = 0;
  for (let body: AsyncIterable<Uint8Array> | undefined = first; ; body = undefined) {
    try {
      for await (const chunk of body ?? (await reopen(bytes))) {
        bytes += chunk.byteLength;
        failures = 0;
        yield chunk;
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
