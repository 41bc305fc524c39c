import type { Log } from '@aries-data/sdk';
import type { Redactor } from '../redact/redact.ts';

/** Log that discards everything. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Wraps a log: adds fields to each line and hides secrets. */
export function withFields(log: Log, redactor: Redactor, added: Record<string, unknown>): Log {
  const at =
    (level: keyof Log): Log[keyof Log] =>
    (message, fields) =>
      log[level](redactor.text(message), redactor.value({ ...added, ...fields }));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
