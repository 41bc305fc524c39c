/** Bytes to read rows from, in the three forms that readers need. */
export interface Block {
  bytes: Buffer;
  view: DataView;
  /** The bytes as a string with one character for each. ASCII texts are cut out of it. Empty if it would be too long. */
  latin: string;
}

/** In longer blocks, texts are decoded one by one: V8's strings are limited to half a gigabyte, rows are not. */
const LONGEST_LATIN = 16 * 1024 * 1024;

export function blockOf(bytes: Buffer): Block {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    latin: bytes.length > LONGEST_LATIN ? '' : bytes.toString('latin1'),
  };
}

/** A buffer that grows as rows are written. */
export interface Sink {
  bytes: Buffer;
  view: DataView;
  at: number;
}

export function createSink(): Sink {
  const bytes = Buffer.allocUnsafeSlow(256 * 1024);
  return { bytes, view: new DataView(bytes.buffer), at: 0 };
}

/** Makes room for this many more bytes. */
export function reserve(sink: Sink, count: number): void {
  if (sink.at + count <= sink.bytes.length) return;
  const bytes = Buffer.allocUnsafeSlow(Math.max(sink.bytes.length * 2, sink.at + count));
  sink.bytes.copy(bytes, 0, 0, sink.at);
  sink.bytes = bytes;
  sink.view = new DataView(bytes.buffer);
}

/** Writes the length before a value's bytes. There must be room for both. */
export function putLength(sink: Sink, length: number): void {
  sink.view.setInt32(sink.at, length);
  sink.at += 4;
}
