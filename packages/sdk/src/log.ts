import type { Log } from './context.ts';
import type { Redactor } from './redact.ts';

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** The same log with fields added to every line and secrets hidden in all of it. */
export function withFields(log: Log, redactor: Redactor, added: Record<string, unknown>): Log {
  const at =
    (level: keyof Log): Log[keyof Log] =>
    (message, fields) =>
      log[level](redactor.text(message), redactor.value({ ...added, ...fields }));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
