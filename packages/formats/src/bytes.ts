/** Encodes text as UTF-8. */
export type ToBytes = (text: string) => Buffer;

/** Encodes into new memory. */
export const freshBytes: ToBytes = (text) => Buffer.from(text);

/** Larger memory is not kept for reuse. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Makes an encoder that reuses its memory, for callers that copy the bytes before the next call. New memory for each batch would wait for
 * the garbage collector in dozens of megabytes.
 */
export function reusedBytes(): ToBytes {
  let memory = Buffer.alloc(0);
  return (text) => {
    // A UTF-16 unit takes at most three bytes.
    const most = 3 * text.length;
    if (most > MOST_BYTES) return Buffer.from(text);
    if (most > memory.length) memory = Buffer.allocUnsafeSlow(most);
    return memory.subarray(0, memory.write(text));
  };
}
