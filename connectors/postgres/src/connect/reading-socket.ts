import { Socket } from 'node:net';

/** More than a socket usually buffers, so that a busy server needs few reads. */
const MEMORY = 256 * 1024;

/**
 * A socket that reuses its memory. Node would allocate for each read, and with gigabytes of rows V8 would spend half of its time
 * on garbage collection.
 */
export class ReadingSocket extends Socket {
  /** Receives data instead of `data` listeners. The bytes are overwritten once it returns. */
  sink: ((bytes: Buffer) => void) | undefined;

  constructor() {
    const memory = Buffer.allocUnsafeSlow(MEMORY);
    super({
      onread: {
        buffer: memory,
        callback: (size) => {
          const bytes = memory.subarray(0, size);
          if (this.sink === undefined) this.emit('data', Buffer.from(bytes));
          else this.sink(bytes);
          return true;
        },
      },
    } as ConstructorParameters<typeof Socket>[0]);
  }
}
