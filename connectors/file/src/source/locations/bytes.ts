/** A stream of bytes, and what it begins with. */
export interface Peeked {
  head: Buffer;
  /** All of the bytes, the head included. */
  bytes: AsyncIterableIterator<Uint8Array>;
}

/** Looks at the first bytes, at least `wanted` of them where there are as many. */
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
    // No generator: one that has not begun yet would not pass `return` on, and the file would stay open.
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

/** The bytes behind the first `count`. */
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
