import type { ConnectorUse, Progress, Redactor, StepStart } from '@aries-data/engine';
import type { Connector, Log } from '@aries-data/sdk';

/** Puts a question to whoever started the command, and returns the answer. */
export type Ask = (question: string) => Promise<string>;

/** What one call of `aries` gives its command: where to report, what stops it, how to find connectors. */
export interface Session {
  signal: AbortSignal;
  log: Log;
  redactor: Redactor;
  onStart(start: StepStart): void;
  onProgress(progress: Progress): void;
  /** Writes a piece of the product, for commands whose product is text. */
  print(text: string): Promise<void>;
  /** Only where somebody sits at a terminal. */
  ask: Ask | undefined;
  /** Loads what `use` names; `from` is the folder it is looked up from. */
  loadConnector(use: string | undefined, from?: string): Promise<Connector>;
  /** The connector a command was given, with its config: references filled in, not parsed yet. */
  connectorUse(use: string | undefined, config: string | undefined): Promise<ConnectorUse>;
}
