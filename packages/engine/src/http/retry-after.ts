// The three forms of an HTTP date (RFC 9110, 5.6.7). All are in GMT, the last one without saying so.
const DATE =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT)$/;
const ASCTIME = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Parses an HTTP date to milliseconds since 1970. Returns undefined if it is none. */
export function httpDate(text: string): number | undefined {
  const time = DATE.test(text) ? Date.parse(text) : ASCTIME.test(text) ? Date.parse(`${text} GMT`) : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Returns the milliseconds to wait according to `Retry-After` (RFC 9110, 10.2.3): seconds, or a date, which is compared with the server's
 * own clock (`Date`) if it sends one. Returns undefined if the header is missing or invalid.
 */
export function retryAfter(headers: Headers, now = Date.now()): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  // Some servers send fractions, which the RFC does not allow.
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = httpDate(value);
  if (date === undefined) return undefined;
  return Math.max(0, date - (httpDate(headers.get('date') ?? '') ?? now));
}
