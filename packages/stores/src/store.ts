import type { Readable } from 'node:stream';

/** An object of a store. */
export interface StoredObject {
  key: string;
  bytes: number;
  /** Time of the last write, in milliseconds since 1970. */
  modified: number;
  /** Changes with the content: the ETag if there is one, or else size and time. */
  version: string;
}

/** An object that is being read. */
export interface OpenObject {
  body: Readable;
  /** The version that the body has, as a list shows it. */
  version: string;
}

/** Names for a prepared object. */
export interface PreparedNames {
  /** Name under which it will be published. */
  key: string;
  /** Prefix of the name for its bytes until then, in stores that need one. Need not be unique. */
  aside: string;
}

/** A write that is in progress, waits to be published, or was interrupted. */
export interface UnfinishedWrite {
  /** Name it was started with: its key, or `aside` if the store used that. */
  name: string;
  /** Ticket for `discard`. */
  ticket: string;
  /** Time of its last write or, if the store does not know that, of its start, in milliseconds since 1970. */
  modified: number;
}

/** Options of `openStore`. */
export interface StoreOptions {
  /**
   * True to create files and folders with the permissions of the process's umask. Only for folders. Default: private to the user, unless
   * the URI has `?mode=shared`.
   */
  shared?: boolean | undefined;
}

/**
 * Storage for datasets: a flat set of named objects. Names are paths with `/`, below the store's root. An object appears completely or not
 * at all. The engine never writes a name twice, because names contain a random attempt ID.
 */
export interface Store {
  /** URI of the root, without a slash at its end: `file:///data/staging`, `s3://bucket/prefix`. */
  readonly uri: string;
  /** Returns the URI of an object, with the options needed to open it. */
  uriOf(key: string): string;
  /** Writes an object from a stream of bytes. On failure nothing of it is left. */
  write(key: string, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** Writes a small object if its name is free. Returns false if the name is taken. All commits rely on this. */
  writeIfAbsent(key: string, body: Uint8Array): Promise<boolean>;
  /**
   * Writes an object without making it visible, and returns a ticket for `publish`. The ticket works in any process, so it can be part of
   * the document that commits the object. On failure nothing of it is left.
   */
  prepare(names: PreparedNames, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<string>;
  /**
   * Makes a prepared object visible, replacing one of its name. Works once per ticket: returns false if it was already published or
   * discarded, so a process that sleeps in between cannot undo later changes.
   */
  publish(ticket: string): Promise<boolean>;
  /** Deletes unfinished writes of any process. Does nothing to published or complete ones. */
  discard(tickets: readonly string[]): Promise<void>;
  /** Lists unfinished writes whose names start with a prefix, of running and dead processes alike. */
  unfinished(prefix: string): Promise<UnfinishedWrite[]>;
  /** Opens an object. Throws `NOT_FOUND` if it does not exist. */
  open(key: string): Promise<Readable>;
  /** Does the same, and says which version was opened. */
  openVersion(key: string): Promise<OpenObject>;
  /** Reads a small object, or returns `null` if it does not exist. */
  read(key: string): Promise<Buffer | null>;
  /** Lists all objects whose names start with a prefix, in order of name. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Lists the names of the folders directly in a folder (`''` is the root), in any order, without looking into them. */
  folders(folder: string): AsyncIterable<string>;
  remove(keys: readonly string[]): Promise<void>;
  /** Tests that objects can be written and conditional writes work. Throws `STAGING_INVALID`, `NOT_ALLOWED` or `UNREACHABLE`. */
  check(): Promise<void>;
  close(): Promise<void>;
}
