import type {
  Compression,
  Connector,
  Deletes,
  Disposition,
  Interval,
  Log,
  SchemaChange,
  StagedFormat,
} from '@aries-data/sdk';
import type { Backlog, PlaceOf } from '@aries-data/sdk/internal';
import type { Store } from '@aries-data/stores';
import type { Redactor } from '../redact/redact.ts';
import type { Drift, FieldOfType } from '../rules/drift.ts';

/** Number of rejected records to allow: a count, or a share of the records read (0 to 1). */
export type MaxRejected = { count: number } | { share: number };

/** Options of one stream: what to read, and how. */
export interface StreamOptions {
  name: string;
  /** Name in the dataset, which is also the name of the target. Default: `name`. */
  as?: string | undefined;
  columns?: string[] | undefined;
  /** Condition in the source's own language, if the stream supports one. */
  where?: string | undefined;
  cursor?: string | undefined;
  primaryKey?: string[] | undefined;
  mode?: 'full' | 'incremental' | undefined;
  /** Span before the state to read again, for late rows: `90s`, `15m`, `2h`, `1d`, or a number for a numeric cursor. Merge only. */
  lag?: string | undefined;
  /** How to treat records whose cursor is null in an incremental or interval read. Default: reject them. */
  nullCursor?: 'include' | 'skip' | undefined;
  disposition?: Disposition | undefined;
  /**
   * What to do with records that are gone at the source. `compare`: find them by comparing the keys of source and target, and treat
   * them as the load says (default: `hard`).
   */
  deletes?: Deletes | 'compare' | undefined;
  /** What to do if its fields differ from those of the target. */
  schemaChange?: SchemaChange | undefined;
}

/** Progress of one stream, for progress bars and heartbeats. */
export interface Progress {
  step: string;
  stream: string;
  records: number;
  rejected: number;
  /** Encoded bytes so far, uncompressed. For a load: bytes as staged. */
  bytes: number;
}

/** Step that begins, and its run. */
export interface StepStart {
  step: string;
  name: string;
  runId: string;
}

/** Options of every step. */
export interface StepOptions {
  /** Name of the pipeline or job. Datasets of two jobs never share a folder. */
  name?: string | undefined;
  /** Id of the run. The same id means the same dataset. Default: a new id. */
  runId?: string | undefined;
  maxRejected?: MaxRejected | undefined;
  /** Fails with `RECORDS_TOO_FEW` if a stream has fewer records. */
  minRecords?: number | undefined;
  /** Ends with `NOTHING_TO_DO` (99) instead of an empty dataset. */
  skipEmpty?: boolean | undefined;
  force?: boolean | undefined;
  concurrency?: number | undefined;
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  redactor?: Redactor | undefined;
  /** Called when a step begins, before it does anything. */
  onStart?: ((start: StepStart) => void) | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Load only: called for each stream with the differences from the fields loaded before, also if the load is then refused because of them. */
  onDrift?: ((stream: string, drift: Drift) => void) | undefined;
}

/** Connector and its config, with references resolved but not yet parsed. */
export interface ConnectorUse {
  connector: Connector;
  config: unknown;
  /** Returns where in its file a path of the config is, for errors. */
  placeOf?: PlaceOf | undefined;
}

/** What an earlier step of a pipeline knows about its load. */
export interface LoadAhead {
  disposition: Disposition | undefined;
  /** Dispositions that the destination supports. */
  dispositions: readonly Disposition[];
  /** Ways of deleting records that it supports. */
  deletes?: readonly Exclude<Deletes, 'ignore'>[];
}

/** Options of `extract`. */
export interface ExtractOptions extends StepOptions {
  source: ConnectorUse;
  /** URI, or a store such as `memoryStaging()`. */
  staging: string | Store;
  streams?: (string | StreamOptions)[] | undefined;
  /** Transforms of scope `batch` to run while reading. */
  transforms?: ConnectorUse[] | undefined;
  /** URI of the state folder. Default: the one in staging. */
  state?: string | undefined;
  fullRefresh?: boolean | undefined;
  interval?: Interval | undefined;
  /** Partition of the run's plan to extract, by id; or `i/n` for every n-th, starting at the i-th, counted from 0. Default: the whole run. */
  partition?: string | undefined;
  stagedFormat?: StagedFormat | undefined;
  /** Formats that the destination takes untouched, best first. A stream is staged in one of them if it can be. */
  preferFormats?: readonly StagedFormat[] | undefined;
  /** Load that follows, if a pipeline defines one. */
  loadAhead?: LoadAhead | undefined;
  compression?: Compression | undefined;
  /** Most records to read per stream. */
  limit?: number | undefined;
  /** Streams with positions: end the read at the first checkpoint after so many records. */
  maxRecords?: number | undefined;
  /** Streams with positions: end the read at the first checkpoint after so many seconds. */
  maxSeconds?: number | undefined;
  /** Streams with positions: end the read at the first checkpoint after so many seconds without a record. */
  untilIdle?: number | undefined;
  /** Ends with 99 instead of 75 if what the source reads is not there yet. */
  skipMissing?: boolean | undefined;
}

/** Options of `transform`. */
export interface TransformOptions extends StepOptions {
  transform: ConnectorUse;
  /** Transforms of scope `batch` to run after it. */
  transforms?: ConnectorUse[] | undefined;
  /** URIs of manifests or finished steps. */
  input: string[];
  staging?: string | Store | undefined;
  /** Name of the step in the dataset's path. Default: the transform's name. */
  step?: string | undefined;
  stagedFormat?: StagedFormat | undefined;
  compression?: Compression | undefined;
  /** Ends with 99 instead of 75 if an input does not exist yet. */
  skipMissing?: boolean | undefined;
  /** Load that follows, if a pipeline defines one. */
  loadAhead?: LoadAhead | undefined;
}

/** Options of `load`. */
export interface LoadOptions extends StepOptions {
  destination: ConnectorUse;
  input: string[];
  disposition?: Disposition | undefined;
  /** Disposition by stream, which overrides `disposition`. */
  dispositions?: Record<string, Disposition> | undefined;
  /** What to do with records that are gone at the source, for `merge` and `history`. A stream's own option comes first. Default: `hard`. */
  deletes?: Deletes | undefined;
  /** Most records to delete by comparing keys, a count or a share of the target's. Default: 20 %. */
  maxDeleted?: MaxRejected | undefined;
  /** Overrides the policy that the dataset has for a stream. Default: `evolve`. */
  schemaChange?: SchemaChange | undefined;
  /** Policy by stream, which overrides `schemaChange`. */
  schemaChanges?: Record<string, SchemaChange> | undefined;
  state?: string | undefined;
  skipMissing?: boolean | undefined;
  allowGap?: boolean | undefined;
  adopt?: boolean | undefined;
  /** Appends a full read although records of the same source were appended before. */
  allowRepeat?: boolean | undefined;
  /** Stops after planning and writes nothing. */
  dryRun?: boolean | undefined;
}

/** Result of one stream of a step. */
export interface StreamResult {
  records: number;
  rejected: number;
  /** Bytes staged, compressed; for a load, bytes as staged. */
  bytes: number;
  /** Records that were read but are outside the window. */
  outside?: number;
  /** Load only. */
  target?: string;
  disposition?: Disposition;
  /** Dry run only: changes that the target needs. */
  changes?: string[];
  /** Load only: differences from the fields loaded before, if any. */
  drift?: Drift;
  /** Load with `schemaChange: discard` only: new fields left out, and how many records had a value in each. */
  discarded?: (FieldOfType & { records: number })[];
  /** Load only: `loaded`, or the reason for loading nothing. */
  outcome?: 'loaded' | 'already-loaded' | 'superseded';
  inserted?: number;
  updated?: number;
  unchanged?: number;
  /** Extract: changes that say a record is gone. Load: records that were deleted, marked or closed. */
  deleted?: number;
}

/** Result of planning an extract. */
export interface PlanResult {
  ok: true;
  step: 'plan';
  name: string;
  runId: string;
  /** URI of the plan. */
  plan: string;
  /** URI of the run, which is the input of a later step once all partitions are extracted. */
  run: string;
  /** Ids of the partitions, each for one task. */
  partitions: string[];
  durationMs: number;
}

/** Result of a step, which `aries` prints. Scripts depend on it. */
export interface StepResult {
  ok: true;
  step: string;
  /** URI of the manifest with `#sha256-…`, which is the input of a later step. */
  dataset: string;
  runId: string;
  name: string;
  streams: Record<string, StreamResult>;
  /** Extracted partitions, if `partition` was given. */
  partitions?: string[];
  /** Extract only: what the source keeps until it is let go of, if anything. A run measures it after the load. */
  backlog?: Backlog[];
  durationMs: number;
}
