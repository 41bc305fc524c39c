/** Range of a password in a text, as offsets `[from, to)`. */
export interface UrlPassword {
  from: number;
  to: number;
}

/** How many characters to search for the end of a password with spaces or quotes. */
const LONGEST_ODD = 256;

const USER = /[^\s/@:?#"']{0,256}/y;
const PORT = /\d*(?=[/?#\s"'<>,;)\]]|$)/y;
const REST_OF_RUN = /[^\s"'<>]*/y;
const PATH = /[^?#\s"'<>]*/y;
const AUTHORITY = /[^/?#\s"'<>]*/y;
const ODD = new RegExp(`[^\\n@]{0,${LONGEST_ODD}}@`, 'y');

/**
 * Finds the passwords of the URLs in a text. They may contain characters that should have been encoded (`/`, `?`, `@`, quotes, spaces):
 * digits that end where a path begins are a port, everything else up to the `@` is the password.
 *
 * Runs in linear time: a run without spaces is searched for its last `@` once.
 */
export function* urlPasswords(text: string): Generator<UrlPassword> {
  let run: Run = { end: 0, lastAt: -1 };
  let nextAt = text.indexOf('@');
  for (let at = text.indexOf('://'); at >= 0 && nextAt >= 0; at = text.indexOf('://', at)) {
    const start = at + 3;
    at = start;
    if (!/[a-z0-9+.-]/i.test(text[start - 4] ?? '')) continue;
    const from = endOf(USER, text, start)! + 1;
    if (text[from - 1] !== ':') continue;
    if (nextAt < from) nextAt = text.indexOf('@', from);
    if (from > run.end) run = runFrom(text, from);
    const to = passwordEnd(text, from, run, nextAt);
    if (to === undefined) continue;
    yield { from, to };
    at = to;
  }
}

/** A run of characters without a space or a quote, up to `end`, and the last `@` in it. */
interface Run {
  end: number;
  lastAt: number;
}

function runFrom(text: string, from: number): Run {
  const end = endOf(REST_OF_RUN, text, from)!;
  return { end, lastAt: lastAt(text, from, end) };
}

function passwordEnd(text: string, from: number, run: Run, nextAt: number): number | undefined {
  const isCut = nextAt < 0 || nextAt >= endOf(AUTHORITY, text, from)!;
  if (isCut && endOf(PORT, text, from) !== undefined) return undefined;
  // There is no `@` before the next space or quote, so these may belong to the password.
  if (run.lastAt < from) {
    const end = endOf(ODD, text, from);
    return end === undefined ? undefined : end - 1;
  }
  // A query may contain another `@`, and a password may contain a question mark.
  const path = endOf(PATH, text, from)!;
  return nextAt < path ? lastAt(text, from, path) : run.lastAt;
}

/** Finds the last `@` in a range. Searching the whole text for each range would take quadratic time. */
function lastAt(text: string, from: number, to: number): number {
  const index = text.slice(from, to).lastIndexOf('@');
  return index < 0 ? -1 : from + index;
}

/** Returns the end of a match that begins at an offset, or undefined. */
function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
