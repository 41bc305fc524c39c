import type { Compression, ReadContext, StagedFormat } from '@aries-data/sdk';
import type { Store } from '@aries-data/stores';
import type { Part, StreamHead } from '../dataset/manifest.ts';
import type { SelectedStream } from '../step/select-streams.ts';
import type { StepContext } from '../step/step-context.ts';
import type { Progress } from '../step/step-options.ts';
import type { SchemaChain } from '../transform/schema-chain.ts';
import type { ReadBounds } from './end-reading.ts';
import type { SharedStream } from './shared-log.ts';
import type { StreamWindow } from './stream-window.ts';

/** How one stream is read. */
export interface Reading {
  context: StepContext;
  connector: string;
  selected: SelectedStream;
  window: StreamWindow;
  readContext: ReadContext<unknown>;
  concurrency: number;
  /** Most records to read. */
  limit: number | undefined;
  /** True if no record may be read twice (see `CursorEnd`). */
  exact: boolean;
  /** True if the records are staged as changes. */
  changes: boolean;
  /** When to end a read that could go on. */
  bounds: ReadBounds;
  /** The change log that the stream is read from together with others, if it is. */
  shared?: SharedStream | undefined;
  onProgress: ((progress: Progress) => void) | undefined;
}

/** Where the records of a stream are staged, and how they get there. */
export interface Staging {
  store: Store;
  folder: string;
  chain: SchemaChain;
  /** Makes another chain, for a second read of the same stream. */
  newChain(): SchemaChain;
  /** True if there are transforms, so that the engine must look at each record. */
  transformed: boolean;
  format: StagedFormat;
  compression: Compression;
  /** Called before the first part, if the schema is known by then. */
  onStart(stream: StreamHead): void;
  /** Called with each part once it is durable. */
  onPart(part: Part): void;
}

/** How a stream resumes an earlier attempt. */
export interface Resuming {
  /** True if earlier attempts may be resumed. */
  resume: boolean;
  /** Fewest records of a complete earlier attempt to keep. A stream with fewer is read again: the source may have more by now. */
  enough: number;
  fingerprint: string;
  readStart: string;
}

/** The extract of one stream. */
export interface StreamExtract extends Reading, Staging, Resuming {}
