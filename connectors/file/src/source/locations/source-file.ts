import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';

/** A file to read, in any location. */
export interface SourceFile {
  /** The name for messages and origins, without credentials and query. */
  name: string;
  /** A unique id. It may contain credentials, so it is never shown. */
  id: string;
  /** Changes with the content; `undefined` if it is known only once the file is open, or not at all. */
  version: string | undefined;
  /** The time of its last change, in milliseconds since 1970, if the location lists it. */
  modified?: number;
  /** True for a pipe, which can be read only once. */
  readsOnce?: boolean;
  open(options: OpenOptions): Promise<OpenFile>;
}

/** Details of the error for a url that will not become a file by waiting: it names a folder, or a bucket that does not exist. */
export const NEVER_A_FILE = 'never a file';

export interface OpenOptions {
  /** The first byte to read. */
  from: number;
  signal: AbortSignal;
}

export interface OpenFile {
  body: AsyncIterable<Uint8Array>;
  /** The offset of the body: `from`, or 0 if the location can only send the whole file. */
  offset: number;
  version: string | undefined;
}

/** Files, and a function that closes what they need. */
export interface Located {
  files: SourceFile[];
  close(): Promise<void>;
}

/** Opens and closes a file to prove that it can be read. */
export async function probe(file: SourceFile, signal: AbortSignal): Promise<void> {
  if (file.readsOnce) return;
  const { body } = await file.open({ from: 0, signal });
  await discard(body);
}

/** Closes a body that was not read. Only an iterator that has started can be stopped. */
export async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
}

export interface BodyOptions {
  name: string;
  /** True if a failure may be in the connection, so that a retry may help. */
  remote: boolean;
  /** The least number of bytes expected. */
  bytes?: number | undefined;
  /** Throws if the file changed since it was opened. Called once the body has ended. */
  checkSame?: (() => Promise<void>) | undefined;
}

/** Yields the bytes of a file; errors name the file. */
export async function* namedBody(body: AsyncIterable<Uint8Array>, options: BodyOptions): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw brokenOff(error, bytes, options);
  }
  if (bytes < (options.bytes ?? 0)) {
    throw new AriesError('RESOURCE_BUSY', `${options.name} became shorter while it was read`, {
      hint: 'It may still be being written. Try again once it is complete.',
    });
  }
  await options.checkSame?.();
}

function brokenOff(error: unknown, bytes: number, { name, remote }: BodyOptions): AriesError {
  if (isAriesError(error)) return error;
  const known = toAriesError(error);
  const code = known.code === 'BUG' && remote ? 'UNREACHABLE' : known.code;
  return new AriesError(code, `${name} broke off after ${bytes} bytes: ${reasonOf(error)}`, {
    cause: error,
    hint: remote ? 'Try again.' : known.hint,
  });
}

/** Returns the message of the innermost cause; outer errors only say that something failed. */
export function reasonOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (at instanceof AggregateError && at.errors[0] instanceof Error) at = at.errors[0];
  return at instanceof Error ? at.message : String(at);
}
