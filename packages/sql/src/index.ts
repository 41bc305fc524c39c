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
} from './dialect.ts';
export { LEDGER } from './ledger-table.ts';
export { type SqlSessionOptions, sqlLoadSession } from './session.ts';
export { checkQueryColumns, selectTables, sqlSourceOptions } from './source-options.ts';
export { openTunnel } from './tunnel/tunnel.ts';
export { type TunnelConfig, tunnelOptions } from './tunnel/tunnel-options.ts';
