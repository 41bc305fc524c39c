import { AriesError, isAriesError, toAriesError } from '@aries-data/sdk';

/** One file to read, wherever it is. */
export interface SourceFile {
  /** How messages and origins name it: without credentials and query. */
  name: string;
  /** Tells it from all others; may hold credentials, so it is never shown. */
  id: string;
  /** Changes when the content does; `undefined` where that is known only once the file is open, or not at all. */
  version: string | undefined;
  /** A pipe: what was read of it is gone. */
  readsOnce?: boolean;
  open(options: OpenOptions): Promise<OpenFile>;
}

export interface OpenOptions {
  /** The first byte wanted. */
  from: number;
  signal: AbortSignal;
}

export interface OpenFile {
  body: AsyncIterable<Uint8Array>;
  /** Where the body begins: at `from`, or at 0 where the place has only the whole. */
  offset: number;
  version: string | undefined;
}

/** Files that belong together, and what has to be closed after reading. */
export interface Located {
  files: SourceFile[];
  close(): Promise<void>;
}

/** Opens a file and lets go of it: proves that it can be read. */
export async function probe(file: SourceFile, signal: AbortSignal): Promise<void> {
  if (file.readsOnce) return;
  const { body } = await file.open({ from: 0, signal });
  await discard(body);
}

/** Lets go of a body that nobody has read from: only an iterator that has begun can be told to stop. */
export async function discard(body: AsyncIterable<Uint8Array>): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
}

export interface BodyOptions {
  name: string;
  /** Whether a failure is one of the way to it, so that another try may help. */
  remote: boolean;
  /** Bytes that there are at least. */
  bytes?: number | undefined;
}

/** The bytes of a file as they come; whatever breaks them off says which file it was. */
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
      hint: 'Is it still being written? Try again once it is whole.',
    });
  }
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

/** What went wrong, from the innermost error: the outer ones only say that something did. */
export function reasonOf(error: unknown): string {
  let at = error;
  while (at instanceof Error && at.cause instanceof Error) at = at.cause;
  if (at instanceof AggregateError && at.errors[0] instanceof Error) at = at.errors[0];
  return at instanceof Error ? at.message : String(at);
}
