import type { Readable } from 'node:stream';

/** One object of a store. */
export interface StoredObject {
  key: string;
  bytes: number;
  /** When it was written, milliseconds since 1970. */
  modified: number;
}

/** Names for an object that is prepared. */
export interface PreparedNames {
  /** The name under which it will be published. */
  key: string;
  /** How the name begins under which its bytes wait, in stores that have no other place for them. Others may use it too. */
  aside: string;
}

/** A write that is under way, waits to be published, or was broken off. */
export interface UnfinishedWrite {
  /** The name that it was begun with: its key, or `aside` where the store has no other place for it. */
  name: string;
  /** What `discard` takes. */
  ticket: string;
}

/** How a store is opened. */
export interface StoreOptions {
  /**
   * Files and folders are readable as the process's umask says. Default: by the user that writes them alone, unless the URI says
   * `?mode=shared`. Only for folders.
   */
  shared?: boolean | undefined;
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
  /**
   * Writes an object short of making it visible, and returns its ticket: all that `publish` needs, in this process or another,
   * so it can be written into what commits the object. On failure nothing of it is left.
   */
  prepare(names: PreparedNames, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<string>;
  /**
   * Makes a prepared object visible, in the place of one that has its name. Happens once for each ticket, whoever asks for it:
   * `false` where it was published or discarded before, so a process that sleeps in between cannot undo what came after.
   */
  publish(ticket: string): Promise<boolean>;
  /** Takes unfinished writes away, whoever began them. Nothing happens to those that are published or whole. */
  discard(tickets: readonly string[]): Promise<void>;
  /** All writes that are neither whole nor discarded, under names that begin so. A dead process cannot be told from a living one. */
  unfinished(prefix: string): Promise<UnfinishedWrite[]>;
  /** The bytes of an object; `NOT_FOUND` where there is none. */
  open(key: string): Promise<Readable>;
  /** A small object whole, or `null` where there is none. */
  read(key: string): Promise<Buffer | null>;
  /** All objects whose name starts with this, in order of name. */
  list(prefix: string): AsyncIterable<StoredObject>;
  remove(keys: readonly string[]): Promise<void>;
  /** Proves that objects can be written and that `writeIfAbsent` is honoured; throws `STAGING_INVALID`, `NOT_ALLOWED` or `UNREACHABLE`. */
  check(): Promise<void>;
  close(): Promise<void>;
}
