/** Answers a request in place of the real server. */
export type Answer = (real: () => Promise<Response>) => Promise<Response>;

/** A request that was recorded. */
export interface Request {
  /** Method, URL and body. Requests with the same text count as the same. */
  what: string;
  startedAt: number;
}

/**
 * Runs `work` and records the requests that it sends with `fetch`. `trouble` may answer a request, by its number from 0, in place of the
 * real server or nock.
 */
export async function troubled(
  work: () => Promise<unknown>,
  trouble: (number: number) => Answer | undefined = () => undefined,
): Promise<{ requests: Request[]; thrown: unknown }> {
  const requests: Request[] = [];
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const number = requests.length;
    const url = input instanceof globalThis.Request ? input.url : String(input);
    requests.push({
      what: `${init?.method ?? 'GET'} ${url} ${String(init?.body ?? '')}`,
      startedAt: performance.now(),
    });
    const answer = trouble(number);
    return answer === undefined ? real(input, init) : answer(() => real(input, init));
  };
  try {
    await work();
    return { requests, thrown: undefined };
  } catch (thrown) {
    return { requests, thrown: thrown ?? new Error('nothing was thrown') };
  } finally {
    globalThis.fetch = real;
  }
}

export function answerWith(status: number, headers: Record<string, string> = {}): Answer {
  const body = JSON.stringify({ message: `This ${status} comes from the conformance tests` });
  return async () => new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** Fails as undici does. */
export const breakConnection: Answer = async () => {
  throw new TypeError('fetch failed', { cause: reset() });
};

/** Sends half of the real response and then fails. */
export const breakBody: Answer = async (real) => {
  const answer = await real();
  const bytes = new Uint8Array(await answer.arrayBuffer());
  let isSent = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (isSent) controller.error(new TypeError('terminated', { cause: reset() }));
      else controller.enqueue(bytes.slice(0, Math.ceil(bytes.length / 2)));
      isSent = true;
    },
  });
  // The body is already decompressed.
  const headers = new Headers(answer.headers);
  for (const name of ['content-encoding', 'content-length']) headers.delete(name);
  return new Response(body, { status: answer.status, headers });
};

function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
