export {
  CHANGE_FIELDS,
  CHANGE_NAMES,
  type ChangeOp,
  changesOf,
  isDeleted,
  keysOf,
  unsentNames,
  unsentText,
} from './changes.ts';
export { checkStreams } from './check-role.ts';
export { configSchema, type PlaceOf, parseOptions } from './config/parse-config.ts';
export { checkSize } from './config/size.ts';
export { walkConfig } from './config/walk.ts';
export type { HttpDeclaration } from './context.ts';
export { type AriesErrorOptions, ERROR_CODES } from './errors.ts';
export type { HttpRetry, OAuth2, RecordsShape } from './http.ts';
export type { ForgottenRows, PositionState, ReadLater } from './ledger-row.ts';
export { isPlainObject } from './plain-object.ts';
export { columnsOf, isCheckpoint, isRejected, type RejectedItem, release, rowsOf } from './records.ts';
export { isDecimal, isInt64, toRecordSchema } from './schema.ts';
export type { Backlog, InferenceOptions, ReadEncoded } from './source.ts';
export type { StreamKeys } from './transform.ts';
export { withoutTrailing } from './without-trailing.ts';
