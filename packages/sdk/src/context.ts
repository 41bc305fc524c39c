import type { Http, HttpSettings } from './http/http.ts';

/** The version of the contract between a connector and the engine; stamped by the `define…` helpers. */
export const API_VERSION = 1;

/** Where a connector says what happens; the engine adds connector and stream, and hides secrets. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** What every function of a connector is given. */
export interface ConnectorContext<Config> {
  config: Config;
  log: Log;
  /** Requests to web APIs, as the connector declares them under `http`; without that, to whole URLs. */
  http: Http;
  /** Aborts when the run is stopped; pass it on to whatever can be cancelled. */
  signal: AbortSignal;
}

/**
 * How a connector's API is spoken to: fixed, or by its config. Shared by all it does in one step. The function has the type of a
 * method, so that a source of any config is a `Source`.
 */
export type HttpDeclaration<Config> = HttpSettings | { of(ctx: { config: Config }): HttpSettings }['of'];
