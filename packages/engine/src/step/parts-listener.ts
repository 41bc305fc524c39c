import type { Interval } from '@aries-data/sdk';
import type { Part, StreamHead } from '../dataset/manifest.ts';
import type { PartFolder } from '../dataset/part-reader.ts';

/** Stream that is being read, and the folder of its parts. */
export interface OpenedStream {
  name: string;
  stream: StreamHead;
  interval: Interval | null;
  readStart: string;
  folder: PartFolder;
}

/** Listener for the parts of a dataset. It gets each as soon as it is durable, before the manifest is written. */
export interface PartsListener {
  /** Called before the first part of a stream, if its schema is known by then. */
  begin(stream: OpenedStream): void;
  add(stream: string, part: Part): void;
}
