/** A password in a URL: the half-open range of its characters in the text. */
export interface UrlPassword {
  from: number;
  to: number;
}

/** How far the end of a password with spaces or quotes is looked for, in characters. */
const LONGEST_ODD = 256;

const USER = /[^\s/@:?#"']{0,256}/y;
const PORT = /\d*(?=[/?#\s"'<>,;)\]]|$)/y;
const REST_OF_RUN = /[^\s"'<>]*/y;
const PATH = /[^?#\s"'<>]*/y;
const AUTHORITY = /[^/?#\s"'<>]*/y;
const ODD = new RegExp(`[^\\n@]{0,${LONGEST_ODD}}@`, 'y');

/**
 * The passwords of the URLs in a text. Characters that a URL should have encoded (`/`, `?`, `@`, quotes, spaces) may stand in
 * them: digits that end where a path begins are a port, everything else up to the `@` is the password.
 *
 * Takes time in proportion to the text: a run without spaces is searched for its last `@` once.
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

/** Characters without a space or a quote between them, up to `end`, and the last `@` among them. */
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
  // No `@` before the next space or quote: these may belong to the password.
  if (run.lastAt < from) {
    const end = endOf(ODD, text, from);
    return end === undefined ? undefined : end - 1;
  }
  // A query may hold an address of its own, as a password may hold a question mark.
  const path = endOf(PATH, text, from)!;
  return nextAt < path ? lastAt(text, from, path) : run.lastAt;
}

/** The last `@` of a part of a text; not a search in all of it, which would be repeated for each part. */
function lastAt(text: string, from: number, to: number): number {
  const index = text.slice(from, to).lastIndexOf('@');
  return index < 0 ? -1 : from + index;
}

/** Where a match that begins at an offset ends; undefined where there is none. */
function endOf(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
