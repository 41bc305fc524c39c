import type { ConnectorUse, Drift, Progress, Redactor, StepStart } from '@aries-data/engine';
import type { Connector, Log } from '@aries-data/sdk';
import type { RunRecorder } from './report/run-figures.ts';

/** Asks the user a question and returns the answer. */
export type Ask = (question: string) => Promise<string>;

/** What one call of `aries` gives its command: a log, a signal to stop, a way to load connectors. */
export interface Session {
  signal: AbortSignal;
  log: Log;
  redactor: Redactor;
  onStart(start: StepStart): void;
  onProgress(progress: Progress): void;
  onDrift(stream: string, drift: Drift): void;
  /** Keeps the figures of this call. */
  recorder: RunRecorder;
  /** Writes a piece of the output, for commands that print text. */
  print(text: string): Promise<void>;
  /** Only on a terminal. */
  ask: Ask | undefined;
  /** Loads the connector that `use` names, looked up from the folder `from`. */
  loadConnector(use: string | undefined, from?: string): Promise<Connector>;
  /** Loads the connector of a command and reads its config: references are filled in, and it is not parsed yet. */
  connectorUse(use: string | undefined, config: string | undefined): Promise<ConnectorUse>;
}
