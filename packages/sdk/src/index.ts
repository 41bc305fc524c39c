export { type Change, type DeletedItem, deleted, truncated, withChange } from './changes.ts';
export type { ConnectorRole } from './check-role.ts';
export { type Connector, connectorOf } from './connector.ts';
export type { ConnectorContext, Log } from './context.ts';
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
export { AriesError, type ErrorCode, type ErrorKind, isAriesError, toAriesError } from './errors.ts';
export type {
  Http,
  HttpAuth,
  HttpPage,
  HttpRequest,
  HttpResponse,
  HttpSettings,
  PagesRequest,
  ReadPage,
} from './http.ts';
export type { CursorState, Deletes, Disposition, FieldTypes, Interval, LedgerRow, StreamState } from './ledger-row.ts';
export { nearest } from './nearest.ts';
export type { HttpParameters, NextPage, Page, Pagination } from './pagination.ts';
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
  type ChangeLog,
  type ChangeLogContext,
  type ChangeLogItem,
  type CursorEnd,
  defineSource,
  type EncodedPart,
  type EncodedResult,
  type InputItem,
  type Keep,
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
export type { Compression, StagedFormat } from './staged-format.ts';
export { type ApplyContext, defineTransform, type Transform, type TransformContext } from './transform.ts';
