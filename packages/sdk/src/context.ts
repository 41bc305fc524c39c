import type { Http, HttpSettings } from './http.ts';

/** Version of the contract between connectors and the engine. The `define…` functions stamp it on what they return. */
export const API_VERSION = 1;

/** Log of a connector. The engine adds connector and stream to each line and hides secrets. */
export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Context that every function of a connector receives. */
export interface ConnectorContext<Config> {
  config: Config;
  log: Log;
  /** Sends requests to web APIs with the connector's `http` settings. Without settings, give it absolute URLs. */
  http: Http;
  /** Aborts when the run is stopped. Pass it to everything that can be cancelled. */
  signal: AbortSignal;
}

/**
 * Settings of `ctx.http`, fixed or computed from the config. One step shares them, with their rate limit and token.
 */
// Typed as a method, so that a source with any config is assignable to `Source`.
export type HttpDeclaration<Config> = HttpSettings | { of(ctx: { config: Config }): HttpSettings }['of'];
