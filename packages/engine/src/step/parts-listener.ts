import type { Interval } from '@aries-data/sdk';
import type { Part, StreamHead } from '../dataset/manifest.ts';
import type { PartFolder } from '../dataset/part-reader.ts';

/** A stream that is being read, and where its parts will lie. */
export interface OpenedStream {
  name: string;
  stream: StreamHead;
  interval: Interval | null;
  readStart: string;
  folder: PartFolder;
}

/** Receives the parts of a dataset as soon as they are durable, before its manifest is written. */
export interface PartsListener {
  /** Called before the first part of a stream, if its schema is known by then. */
  begin(stream: OpenedStream): void;
  add(stream: string, part: Part): void;
}
