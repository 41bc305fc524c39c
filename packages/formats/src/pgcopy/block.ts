/** A run of bytes that rows are read from, in the three shapes that readers want it in. */
export interface Block {
  bytes: Buffer;
  view: DataView;
  /** The bytes as one text, a character each: texts without other than ASCII are cut out of it. Empty where that would be too long. */
  latin: string;
}

/** Texts beyond this are made one by one: V8's strings end at half a gigabyte, rows do not. */
const LONGEST_LATIN = 16 * 1024 * 1024;

export function blockOf(bytes: Buffer): Block {
  return {
    bytes,
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length),
    latin: bytes.length > LONGEST_LATIN ? '' : bytes.toString('latin1'),
  };
}

/** Bytes that grow while rows are written. */
export interface Sink {
  bytes: Buffer;
  view: DataView;
  at: number;
}

export function createSink(): Sink {
  const bytes = Buffer.allocUnsafeSlow(256 * 1024);
  return { bytes, view: new DataView(bytes.buffer), at: 0 };
}

/** Makes room for so many more bytes. */
export function reserve(sink: Sink, count: number): void {
  if (sink.at + count <= sink.bytes.length) return;
  const bytes = Buffer.allocUnsafeSlow(Math.max(sink.bytes.length * 2, sink.at + count));
  sink.bytes.copy(bytes, 0, 0, sink.at);
  sink.bytes = bytes;
  sink.view = new DataView(bytes.buffer);
}

/** The length that stands before a value's bytes. There must be room for both. */
export function putLength(sink: Sink, length: number): void {
  sink.view.setInt32(sink.at, length);
  sink.at += 4;
}
