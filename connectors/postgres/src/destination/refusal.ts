import type { Refusal } from '@aries-data/sql';
import pg from 'pg';

/** SQLSTATE classes of errors about a value: data exceptions, constraints, limits (a row too large for an index). */
const VALUE_CLASSES = new Set(['22', '23', '54']);
/** Classes of errors about the server, never about a value. */
const OTHER_CLASSES = new Set(['08', '25', '28', '40', '53', '55', '57', '58']);
const NOT_NULL_VIOLATION = '23502';
const RAISED_BY_TRIGGER = 'P0001';

/** Returns why the server refused a value in a COPY; undefined if the error is about something else. */
export function refusalOf(cause: unknown): (Refusal & { line?: number }) | undefined {
  if (!(cause instanceof pg.DatabaseError) || cause.code === undefined) return undefined;
  const kind = cause.code.slice(0, 2);
  const where = cause.where ?? '';
  // Input functions of types such as regclass fail with other codes, but the context names the line.
  const inCopy = where.startsWith('COPY ') && !OTHER_CLASSES.has(kind);
  if (!VALUE_CLASSES.has(kind) && cause.code !== RAISED_BY_TRIGGER && !inCopy) return undefined;
  const [, line, column, value] = /, line (\d+)(?:, column (.+?))?(?:: "([\s\S]*)")?$/.exec(where) ?? [];
  return {
    reason: reasonOf(cause),
    field: column ?? cause.column,
    value: column === undefined ? undefined : value,
    ...(line === undefined ? {} : { line: Number(line) }),
  };
}

function reasonOf({ code, message, detail }: pg.DatabaseError): string {
  if (code === NOT_NULL_VIOLATION) return 'null is not allowed';
  // The name of a load table means nothing to a user.
  const reason = message.replace(/ (?:of|for) relation "_aries_load_\w+"/, '');
  return detail?.startsWith('Key ') ? `${reason}: ${detail.replace(/\.$/, '')}` : reason;
}
