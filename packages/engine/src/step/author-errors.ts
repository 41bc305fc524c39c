import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';
import { authorPlace } from './author-place.ts';

/** Function of a connector that the engine calls for one stream. */
export interface AuthorFunction {
  connector: string;
  stream: string;
  /** Name that its author knows, such as `streams.issues.read`. */
  name: string;
}

/**
 * Calls `read` or `open` of a stream and passes its items on. Errors thrown there, at once or later, name the connector, the stream
 * and the author's own line. Throws `CONNECTOR_INVALID` if the result is not an async iterable.
 */
export function fromAuthor<T>(of: AuthorFunction, call: () => AsyncIterable<T>): AsyncIterable<T> {
  let items: AsyncIterable<T>;
  try {
    items = call();
  } catch (thrown) {
    throw authorError(thrown, of);
  }
  if (typeof items?.[Symbol.asyncIterator] !== 'function') throw notReadable(items, of);
  return {
    // An iterator, not a generator: `return` must reach the source while it still works on a batch.
    [Symbol.asyncIterator]() {
      const iterator = items[Symbol.asyncIterator]();
      return {
        next: () =>
          iterator.next().catch((thrown: unknown) => {
            throw authorError(thrown, of);
          }),
        return: async (value?: unknown) => (await iterator.return?.(value)) ?? { done: true, value },
      };
    },
  };
}

/** Adds the connector, the stream and the line of the author's code to an error that their function threw. */
export function authorError(thrown: unknown, { connector, stream, name }: AuthorFunction, on = ''): AriesError {
  const error = toAriesError(thrown, { connector, stream });
  // An error with a code already says what to do. Anything else is a mistake in the connector.
  if (isAriesError(thrown) || error.code !== 'CONNECTOR_FAILED') return error;
  const place = thrown instanceof Error ? authorPlace(thrown) : undefined;
  return new AriesError('CONNECTOR_FAILED', `${connector}: ${name} threw${on}: ${error.message}`, {
    connector,
    stream,
    cause: thrown,
    hint:
      place === undefined
        ? 'Fix it there; --log-level debug shows the stack.'
        : `Fix it at ${place}, or throw an AriesError there that tells users what to do.`,
  });
}

function notReadable(found: unknown, { connector, stream, name }: AuthorFunction): AriesError {
  const isPromise = typeof (found as { then?: unknown } | undefined)?.then === 'function';
  // Nothing awaits it, so its failure must not count as unhandled.
  if (isPromise) (found as Promise<unknown>).then(undefined, () => {});
  const kind = found === null ? 'null' : Array.isArray(found) ? 'an array' : `a value of type ${typeof found}`;
  return new AriesError(
    'CONNECTOR_INVALID',
    `${connector}: ${name} returned ${isPromise ? 'a promise' : kind} instead of batches`,
    { connector, stream, hint: 'Write it as an async generator: async *read({ … }) { yield [record]; }' },
  );
}
