/** A stream of bytes with its beginning. */
export interface Peeked {
  head: Buffer;
  /** All bytes, including the head. */
  bytes: AsyncIterableIterator<Uint8Array>;
}

/** Reads the first bytes ahead: at least `wanted`, if there are as many. */
export async function peek(source: AsyncIterable<Uint8Array>, wanted: number): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  const taken: Uint8Array[] = [];
  for (let size = 0; size < wanted; ) {
    const { done, value } = await iterator.next();
    if (done) break;
    taken.push(value);
    size += value.length;
  }
  const head = Buffer.concat(taken);
  return {
    head,
    // Not a generator: one that has not started would not pass on `return`, and the file would stay open.
    bytes: {
      next: async () => (taken.length > 0 ? { done: false, value: taken.shift()! } : iterator.next()),
      async return() {
        await iterator.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    },
  };
}

/** Yields the bytes after the first `count`. */
export async function* skipBytes(source: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of source) {
    if (left >= chunk.length) left -= chunk.length;
    else {
      yield left === 0 ? chunk : chunk.subarray(left);
      left = 0;
    }
  }
}
