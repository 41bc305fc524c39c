export { civilOfDays, daysOfCivil } from './calendar.ts';
export type { ConnectorRole } from './check-part.ts';
export { nearest } from './config/nearest.ts';
export { resolveConfig } from './config/resolve.ts';
export type { PlaceOf } from './config.ts';
export { configSchema } from './config.ts';
export { type Connector, connectorOf } from './connector.ts';
export { parseConfig } from './connector-config.ts';
export type { ConnectorContext, Log } from './context.ts';
export type { Dataset, Manifest, ManifestStream } from './dataset/manifest.ts';
export { openDataset } from './dataset/open-dataset.ts';
export { readDataset } from './dataset/read-dataset.ts';
export { rejectedRecords } from './dataset/read-rejected.ts';
export { removeDataset } from './dataset/remove-dataset.ts';
export {
  type AnyLoadSession,
  type BatchPlace,
  type ConfirmLedger,
  type Destination,
  defineDestination,
  type LoadCounts,
  type LoadPart,
  type LoadSession,
  type LoadSessionWithoutLedger,
  type LoadTarget,
  type SchemaChange,
  type StreamLoad,
  type TargetState,
} from './destination.ts';
export type { Drift, FieldOfType } from './drift.ts';
export {
  AriesError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorKind,
  isAriesError,
  toAriesError,
} from './errors.ts';
export { cellReader } from './formats/cell.ts';
export { decompress } from './formats/compression.ts';
export { createCompressor } from './formats/compressor.ts';
export { csvDecoder, csvEncoder } from './formats/csv.ts';
export { duplicateName, isRawNumber, mayBeMisread, parseExact, rawNumber } from './formats/exact-json.ts';
export type { Compression, StagedFormat } from './formats/format.ts';
export { ndjsonEncoder, recordReader, recordWriter } from './formats/ndjson.ts';
export { ndjsonLines } from './formats/ndjson-lines.ts';
export { isSamePgcopyType } from './formats/pgcopy-types.ts';
export type {
  Http,
  HttpAuth,
  HttpPage,
  HttpRequest,
  HttpResponse,
  HttpSettings,
  PagesRequest,
  ReadPage,
} from './http/http.ts';
export type { HttpParameters, NextPage, Page, Pagination } from './http/pagination.ts';
export type { Disposition, FieldTypes, Interval, LedgerRow, StreamState } from './ledger-row.ts';
export { placesIn } from './places.ts';
export {
  type Batch,
  type Checkpoint,
  checkpoint,
  originOf,
  type ReadItem,
  type Rejection,
  rejected,
  type Unchecked,
  withColumns,
  withOrigin,
  withRows,
} from './records.ts';
export { createRedactor, type Redactor } from './redact.ts';
export {
  bytes,
  decimal,
  type Field,
  type FieldKind,
  type FieldSchema,
  fieldSchema,
  fieldsOf,
  inferred,
  int64,
  type Json,
  type JsonRecord,
  json,
  kindOf,
  localDateTime,
  type RecordSchema,
  schemaOfFields,
  time,
} from './schema.ts';
export {
  type CursorEnd,
  defineSource,
  type EncodedPart,
  type EncodedResult,
  type InputItem,
  type Partition,
  type Partitioning,
  type ReadContext,
  type RecordsOf,
  type Source,
  type Stream,
  type StreamDefinition,
  type StreamsContext,
  type Window,
} from './source.ts';
export type {
  ColumnChange,
  Copied,
  CopyTarget,
  Fit,
  NewColumn,
  Refusal,
  Replacement,
  SqlColumn,
  SqlConnection,
  SqlDialect,
  SqlTable,
  SqlValue,
} from './sql/dialect.ts';
export { LEDGER } from './sql/ledger-table.ts';
export { type SqlSessionOptions, sqlLoadSession } from './sql/session.ts';
export { checkQueryColumns, selectTables, sqlSourceOptions } from './sql/source-options.ts';
export { openTunnel } from './sql/tunnel.ts';
export { type TunnelConfig, tunnelOptions } from './sql/tunnel-options.ts';
export { extract } from './steps/extract.ts';
export { check, type DiscoveredStream, discover } from './steps/inspect.ts';
export { load } from './steps/load.ts';
export { outlinePipeline, type PipelineOutline } from './steps/outline-pipeline.ts';
export { type PipelineOptions, type PipelineResult, planPipelineExtract, runPipeline } from './steps/pipeline.ts';
export { streamOptionsSchema } from './steps/pipeline-file.ts';
export { type PlanExtractOptions, planExtract } from './steps/plan-extract.ts';
export { type PipelinePlan, planPipeline, type StreamPlan } from './steps/plan-pipeline.ts';
export { resetState, showState } from './steps/state-commands.ts';
export type {
  ConnectorUse,
  ExtractOptions,
  LoadOptions,
  MaxRejected,
  PlanResult,
  Progress,
  StepOptions,
  StepResult,
  StepStart,
  StreamOptions,
  StreamResult,
  TransformOptions,
} from './steps/step.ts';
export { transform } from './steps/transform.ts';
export { encodeName } from './stores/encode-name.ts';
export { openStore } from './stores/open-store.ts';
export { type ResumedBody, resumedBody } from './stores/resumed-body.ts';
export type { PreparedNames, Store, StoredObject, UnfinishedWrite } from './stores/store.ts';
export { type ApplyContext, defineTransform, type Transform, type TransformContext } from './transform.ts';
