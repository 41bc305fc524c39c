/** Turns text into UTF-8. */
export type ToBytes = (text: string) => Buffer;

/** Bytes of their own. */
export const freshBytes: ToBytes = (text) => Buffer.from(text);

/** UTF-16 units of text that take more memory than this are not worth keeping it for. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * Bytes that the next call overwrites: for who copies them before. Fresh memory for each batch would wait for the garbage
 * collector in dozens of megabytes.
 */
export function reusedBytes(): ToBytes {
  let memory = Buffer.alloc(0);
  return (text) => {
    // A unit of UTF-16 has three bytes at most.
    const most = 3 * text.length;
    if (most > MOST_BYTES) return Buffer.from(text);
    if (most > memory.length) memory = Buffer.allocUnsafeSlow(most);
    return memory.subarray(0, memory.write(text));
  };
}
