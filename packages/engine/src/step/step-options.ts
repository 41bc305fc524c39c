import type { Compression, Connector, Disposition, Interval, Log, SchemaChange, StagedFormat } from '@aries-data/sdk';
import type { PlaceOf } from '@aries-data/sdk/internal';
import type { Store } from '@aries-data/stores';
import type { Redactor } from '../redact/redact.ts';
import type { Drift, FieldOfType } from '../rules/drift.ts';

/** How many rejected records a step may have: a number, or a share of those read (0 to 1). */
export type MaxRejected = { count: number } | { share: number };

/** What of one stream is wanted, and under which name. */
export interface StreamOptions {
  name: string;
  /** The name it has in the dataset, and so its target. */
  as?: string | undefined;
  columns?: string[] | undefined;
  /** A condition in the source's own language; only where the stream supports it. */
  where?: string | undefined;
  cursor?: string | undefined;
  primaryKey?: string[] | undefined;
  mode?: 'full' | 'incremental' | undefined;
  /** Reads this span before the state again, for rows that come late: `90s`, `15m`, `2h`, `1d`, or a number for numeric cursors. Merge only. */
  lag?: string | undefined;
  /** What to do with records whose cursor is null in an incremental or interval read: reject them (default), keep or skip them. */
  nullCursor?: 'include' | 'skip' | undefined;
  disposition?: Disposition | undefined;
  /** What to do where its fields are not those of the target. */
  schemaChange?: SchemaChange | undefined;
}

/** A running figure of one stream, for bars and heartbeats. */
export interface Progress {
  step: string;
  stream: string;
  records: number;
  rejected: number;
  /** Encoded bytes so far, uncompressed; of a load, bytes as they are staged. */
  bytes: number;
}

/** A step that begins: which run it belongs to. */
export interface StepStart {
  step: string;
  name: string;
  runId: string;
}

/** What every step is given. */
export interface StepOptions {
  /** The pipeline's name, or the job's: datasets of two jobs never share a folder. */
  name?: string | undefined;
  /** Names the run; the same id means the same dataset. Made up where it is left out. */
  runId?: string | undefined;
  maxRejected?: MaxRejected | undefined;
  /** Fails with `RECORDS_TOO_FEW` where a stream has fewer. */
  minRecords?: number | undefined;
  /** Ends with `NOTHING_TO_DO` (99) instead of an empty dataset. */
  skipEmpty?: boolean | undefined;
  force?: boolean | undefined;
  concurrency?: number | undefined;
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  redactor?: Redactor | undefined;
  /** Called as a step begins, before it does anything. */
  onStart?: ((start: StepStart) => void) | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** A connector and its config, as it was written (references filled in, not yet parsed). */
export interface ConnectorUse {
  connector: Connector;
  config: unknown;
  /** Where in its file each path of the config is, for errors. */
  placeOf?: PlaceOf | undefined;
}

/** What a load will be asked to do, as far as an earlier step of its pipeline can tell. */
export interface LoadAhead {
  disposition: Disposition | undefined;
  /** What the destination can do. */
  dispositions: readonly Disposition[];
}

/** What `extract` is given. */
export interface ExtractOptions extends StepOptions {
  source: ConnectorUse;
  /** A URI, or a store (`memoryStaging()`). */
  staging: string | Store;
  streams?: (string | StreamOptions)[] | undefined;
  /** Transforms of scope `batch`, fused into the reading. */
  transforms?: ConnectorUse[] | undefined;
  /** URI of the state folder; the staging's own where it is left out. */
  state?: string | undefined;
  fullRefresh?: boolean | undefined;
  interval?: Interval | undefined;
  /** Only this partition of the run's plan, by its id; or `i/n`: every n-th from the i-th on, counted from 0. */
  partition?: string | undefined;
  stagedFormat?: StagedFormat | undefined;
  /** Formats that the destination takes untouched, the best first: chosen from where the stream can. */
  preferFormats?: readonly StagedFormat[] | undefined;
  /** Where the dataset is going, if a pipeline says so. */
  loadAhead?: LoadAhead | undefined;
  compression?: Compression | undefined;
  /** Records per stream at most. */
  limit?: number | undefined;
}

/** What `transform` is given. */
export interface TransformOptions extends StepOptions {
  transform: ConnectorUse;
  /** Further transforms of scope `batch`, fused behind it. */
  transforms?: ConnectorUse[] | undefined;
  /** URIs of manifests or of finished steps. */
  input: string[];
  staging?: string | Store | undefined;
  /** The step's name in the dataset's path; the transform's where it is left out. */
  step?: string | undefined;
  stagedFormat?: StagedFormat | undefined;
  compression?: Compression | undefined;
  /** An input that is not there yet ends with 99 instead of 75. */
  skipMissing?: boolean | undefined;
  /** Where the dataset is going, if a pipeline says so. */
  loadAhead?: LoadAhead | undefined;
}

/** What `load` is given. */
export interface LoadOptions extends StepOptions {
  destination: ConnectorUse;
  input: string[];
  disposition?: Disposition | undefined;
  /** Per stream, over `disposition`. */
  dispositions?: Record<string, Disposition> | undefined;
  /** Over what the datasets say of their streams; `evolve` where nobody says anything. */
  schemaChange?: SchemaChange | undefined;
  /** Per stream, over `schemaChange`. */
  schemaChanges?: Record<string, SchemaChange> | undefined;
  state?: string | undefined;
  skipMissing?: boolean | undefined;
  allowGap?: boolean | undefined;
  adopt?: boolean | undefined;
  /** Append a full read although records of the same source were appended before. */
  allowRepeat?: boolean | undefined;
  /** Stop after inspecting: nothing is written. */
  dryRun?: boolean | undefined;
}

/** What one stream of a step came to. */
export interface StreamResult {
  records: number;
  rejected: number;
  /** Bytes staged (compressed), or loaded (as staged). */
  bytes: number;
  /** Read but outside the window. */
  outside?: number;
  /** Load only. */
  target?: string;
  disposition?: Disposition;
  /** Dry run only: what would change in the target. */
  changes?: string[];
  /** Load only: how the dataset's fields differ from those that were loaded before. Left out where they do not. */
  drift?: Drift;
  /** Load only, `schemaChange: discard`: new fields that were left out, and how many records had a value in each. */
  discarded?: (FieldOfType & { records: number })[];
  /** Load only: `loaded`, or why there was nothing to do. */
  outcome?: 'loaded' | 'already-loaded' | 'superseded';
  inserted?: number;
  updated?: number;
  unchanged?: number;
}

/** What planning an extract returns. */
export interface PlanResult {
  ok: true;
  step: 'plan';
  name: string;
  runId: string;
  /** URI of the plan. */
  plan: string;
  /** URI of the run; a later step takes it as input, once all partitions are extracted. */
  run: string;
  /** Ids of the partitions, each for one task. */
  partitions: string[];
  durationMs: number;
}

/** What a step returns and `aries` prints: the contract of DESIGN §6. */
export interface StepResult {
  ok: true;
  step: string;
  /** URI of the manifest with `#sha256-…`; a later step takes it as input. */
  dataset: string;
  runId: string;
  name: string;
  streams: Record<string, StreamResult>;
  /** The partitions that were extracted, where some were asked for. */
  partitions?: string[];
  durationMs: number;
}
