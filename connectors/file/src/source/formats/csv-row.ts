import type { CsvDialect } from './csv-dialect.ts';

/** A complete row. */
export interface Row {
  kind: 'row';
  /** The cells' text, without quotes and escapes. */
  cells: string[];
  /** True for each cell that was quoted. */
  quoted: boolean[];
  /** The position of the next row. */
  end: number;
}

/** A row with invalid quotes. */
export interface BrokenRow {
  kind: 'broken';
  reason: string;
}

/** A row that continues after the text. */
export interface OpenRow {
  kind: 'open';
  /** True if the text ends inside quotes. */
  inQuotes: boolean;
}

/** A reader of the rows in one text. */
export interface RowReader {
  /** Reads the row that begins at `start`. `isLast`: no more text follows. */
  read(start: number, isLast: boolean): Row | BrokenRow | OpenRow;
  /** Returns the position after a blank line or comment; otherwise `start`, or -1 if more text may be needed to tell. */
  passLine(start: number, isLast: boolean, blank: boolean): number;
  /** Returns the position after the line at `start`; -1 if it continues after the text. */
  lineAfter(start: number): number;
}

const CLOSED_BY_SOMETHING = 'a closing quote is followed by something other than a delimiter';
/** Also the reason if no closing quote is found within the longest record. */
export const NEVER_CLOSED = 'a quote is never closed';
const IN_THE_MIDDLE = 'a quote is in the middle of an unquoted cell';

const SPACE = 32;
const TAB = 9;

/** Makes a reader for rows in any dialect. The compiled parser leaves every unusual row to it. */
export function rowReader(text: string, dialect: CsvDialect): RowReader {
  const { delimiter, quote, escape: escaper, lineEnd, comment, relaxQuotes, trim } = dialect;
  const length = text.length;
  const delimiterFrom = finder(delimiter);
  const lineFrom = finder(lineEnd);

  /** Makes a search for the next occurrence. A result holds for all positions before it, so a text is searched once. */
  function finder(what: string): (at: number) => number {
    let from = 0;
    let found = -1;
    return (at) => {
      if (at < from || at > found) {
        from = at;
        found = text.indexOf(what, at);
        if (found === -1) found = length;
      }
      return found;
    };
  }

  function isSpace(at: number): boolean {
    const code = text.charCodeAt(at);
    return (code === SPACE || code === TAB) && !text.startsWith(delimiter, at);
  }
  function afterSpaces(start: number): number {
    let at = start;
    if (trim) while (at < length && isSpace(at)) at++;
    return at;
  }
  function trimmed(start: number, end: number): string {
    let [from, to] = [afterSpaces(start), end];
    if (trim) while (to > from && isSpace(to - 1)) to--;
    from = Math.min(from, to);
    return text.slice(from, to);
  }

  /** Returns the length of the line end at a position: 0 if there is none, -1 if more text is needed to tell. */
  function lineEndAt(at: number, isLast: boolean): number {
    if (text.startsWith(lineEnd, at)) return 1;
    if (lineEnd === '\r' || text[at] !== '\r') return 0;
    if (at + 1 === length && !isLast) return -1;
    return text[at + 1] === '\n' ? 2 : 0;
  }

  /** Finds the quote that closes a quoted cell; -1 if there is none. */
  function closingQuote(from: number): number {
    let at = from;
    for (;;) {
      const close = text.indexOf(quote, at);
      if (close === -1) return -1;
      if (escaper === quote) {
        if (!text.startsWith(quote, close + quote.length)) return close;
        at = close + 2 * quote.length;
        continue;
      }
      const before = text.indexOf(escaper, at);
      if (before === -1 || before > close) return close;
      const after = before + escaper.length;
      if (text.startsWith(quote, after)) at = after + quote.length;
      else at = text.startsWith(escaper, after) ? after + escaper.length : after;
    }
  }

  function unescaped(inside: string): string {
    if (escaper === '' || !inside.includes(escaper)) return inside;
    if (escaper === quote) return inside.replaceAll(quote + quote, () => quote);
    let out = '';
    for (let at = 0; at < inside.length; ) {
      const isEscaped =
        inside.startsWith(escaper, at) &&
        (inside.startsWith(quote, at + escaper.length) || inside.startsWith(escaper, at + escaper.length));
      if (isEscaped) at += escaper.length;
      const width = inside.codePointAt(at)! > 0xffff ? 2 : 1;
      out += inside.slice(at, at + width);
      at += width;
    }
    return out;
  }

  function read(start: number, isLast: boolean): Row | BrokenRow | OpenRow {
    const cells: string[] = [];
    const quoted: boolean[] = [];
    let at = start;
    for (;;) {
      /** The position after the cell, before the separator. */
      let end: number;
      /** The position from which the rest of the cell is unquoted. */
      let plainFrom = at;
      const open = afterSpaces(at);
      let close = -1;
      if (quote !== '' && text.startsWith(quote, open)) {
        close = closingQuote(open + quote.length);
        if (close === -1) {
          if (!isLast) return { kind: 'open', inQuotes: true };
          if (!relaxQuotes) return { kind: 'broken', reason: NEVER_CLOSED };
        } else {
          const after = close + quote.length;
          end = afterSpaces(after);
          // A second quote, a delimiter or a line end may be cut in two here.
          if (end + delimiter.length > length && !isLast) return { kind: 'open', inQuotes: true };
          const ending = lineEndAt(end, isLast);
          if (ending === -1) return { kind: 'open', inQuotes: true };
          const isEnd = ending > 0 || end === length;
          if (isEnd || text.startsWith(delimiter, end)) {
            cells.push(unescaped(text.slice(open + quote.length, close)));
            quoted.push(true);
            if (isEnd) return { kind: 'row', cells, quoted, end: end + ending };
            at = end + delimiter.length;
            continue;
          }
          if (!relaxQuotes) return { kind: 'broken', reason: CLOSED_BY_SOMETHING };
          // Text follows the closing quote, so the cell is taken as written. Quotes on different lines are not a pair.
          if (lineFrom(open) > close) plainFrom = after;
        }
      }
      const line = lineFrom(plainFrom);
      end = Math.min(delimiterFrom(plainFrom), line);
      if (end === length && !isLast) return { kind: 'open', inQuotes: false };
      const isEnd = end === line;
      const hasReturn = isEnd && lineEnd === '\n' && line < length && end > plainFrom && text[end - 1] === '\r';
      const cell = trimmed(at, hasReturn ? end - 1 : end);
      if (!relaxQuotes && quote !== '' && cell.includes(quote)) return { kind: 'broken', reason: IN_THE_MIDDLE };
      cells.push(cell);
      quoted.push(false);
      if (isEnd) return { kind: 'row', cells, quoted, end: Math.min(length, end + 1) };
      at = end + delimiter.length;
    }
  }

  return {
    read,
    passLine(start, isLast, blank) {
      if (comment !== '') {
        if (!isLast && length - start < comment.length) return -1;
        if (text.startsWith(comment, start)) {
          const line = lineFrom(start);
          return line < length ? line + 1 : isLast ? length : -1;
        }
      }
      if (!blank) return start;
      const at = afterSpaces(start);
      const ending = lineEndAt(at, isLast);
      if (ending === -1) return -1;
      return ending > 0 ? at + ending : at === length && isLast ? length : start;
    },
    lineAfter(start) {
      const line = lineFrom(start);
      return line < length ? line + 1 : -1;
    },
  };
}
