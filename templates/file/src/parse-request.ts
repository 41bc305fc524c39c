/** One request from a web server's log, without its line number. */
export interface LoggedRequest {
  host: string;
  user: string | null;
  /** RFC 3339. */
  at: string;
  method: string;
  path: string;
  status: number;
  bytes: number | null;
}

const LINE = /^(\S+) \S+ (\S+) \[([^\]]+)\] "([^\s"]+) ([^\s"]+)(?: [^"]*)?" (\d{3}) (\d+|-)/;
const TIME = /^(\d\d)\/(\w{3})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Parses a line; returns `undefined` if it is not a log line. */
export function parseRequest(text: string): LoggedRequest | undefined {
  const [, host, user, time = '', method, path, status, bytes] = LINE.exec(text) ?? [];
  const at = parseTime(time);
  if (host === undefined || user === undefined || method === undefined || path === undefined || at === undefined)
    return undefined;
  return {
    host,
    user: user === '-' ? null : user,
    at,
    method,
    path,
    status: Number(status),
    bytes: bytes === '-' ? null : Number(bytes),
  };
}

/** Converts `10/Oct/2000:13:55:36 -0700` to RFC 3339. */
function parseTime(text: string): string | undefined {
  const [, day, name = '', year, clock, hours, minutes] = TIME.exec(text) ?? [];
  const month = MONTHS.indexOf(name) + 1;
  return month === 0 ? undefined : `${year}-${String(month).padStart(2, '0')}-${day}T${clock}${hours}:${minutes}`;
}
