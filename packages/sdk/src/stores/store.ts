import type { Readable } from 'node:stream';

/** One object of a store. */
export interface StoredObject {
  key: string;
  bytes: number;
  /** When it was written, milliseconds since 1970. */
  modified: number;
}

/**
 * Where datasets rest: a flat space of named objects. Names are paths with `/`, below the store's root.
 * Whatever is written appears whole or not at all. The engine never writes a name twice: names carry a random attempt id.
 */
export interface Store {
  /** The URI of the root, without a slash at its end: `file:///data/staging`, `s3://bucket/prefix`. */
  readonly uri: string;
  /** The URI of one object, with whatever is needed to open it again. */
  uriOf(key: string): string;
  /** Writes an object from a stream of bytes; on failure nothing of it is left. */
  write(key: string, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Writes a small object unless the name is taken; `false` where it is. The one primitive of commits. */
  writeIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /** The bytes of an object; `NOT_FOUND` where there is none. */
  open(key: string): Promise<Readable>;
  /** A small object whole, or `null` where there is none. */
  read(key: string): Promise<Buffer | null>;
  /** All objects whose name starts with this, in order of name. */
  list(prefix: string): AsyncIterable<StoredObject>;
  remove(keys: readonly string[]): Promise<void>;
  /** Proves that objects can be written and that `writeIfAbsent` is honoured; throws `STAGING_INVALID`, `NOT_ALLOWED` or `UNREACHABLE`. */
  check(): Promise<void>;
  /** How many writes below this are under way, or were broken off and left parts behind; only where a store knows of such. */
  pendingUploads?(prefix: string): Promise<number>;
  close(): Promise<void>;
}
