import type { CsvDialect } from './csv-dialect.ts';

/** A row as it was read. */
export interface Row {
  kind: 'row';
  /** What the cells say, without quotes and escapes. */
  cells: string[];
  /** Whether each was quoted. */
  quoted: boolean[];
  /** Where the next row begins. */
  end: number;
}

/** A row whose quotes are wrong. */
export interface BrokenRow {
  kind: 'broken';
  reason: string;
}

/** A row that goes on after the text. */
export interface OpenRow {
  kind: 'open';
  /** Within quotes. */
  inQuotes: boolean;
}

/** Reads the rows of one text. */
export interface RowReader {
  /** Reads the row that begins at a place. `isLast`: nothing comes after the text. */
  read(start: number, isLast: boolean): Row | BrokenRow | OpenRow;
  /** The place after a line that says nothing: a blank one or a comment. Else the same place, -1 where the text may go on. */
  passLine(start: number, isLast: boolean, blank: boolean): number;
  /** The place after the line at a place; -1 where it goes on after the text. */
  lineAfter(start: number): number;
}

const CLOSED_BY_SOMETHING = 'a closing quote is followed by something else than a delimiter';
/** Also where no closing quote is found within the longest record. */
export const NEVER_CLOSED = 'a quote is opened and never closed';
const IN_THE_MIDDLE = 'a quote stands in the middle of a cell that is not quoted';

const SPACE = 32;
const TAB = 9;

/** Makes the reader of a text's rows, in any dialect. The compiled parser leaves to it every row that is out of the ordinary. */
export function rowReader(text: string, dialect: CsvDialect): RowReader {
  const { delimiter, quote, escape: escaper, lineEnd, comment, relaxQuotes, trim } = dialect;
  const length = text.length;
  const delimiterFrom = finder(delimiter);
  const lineFrom = finder(lineEnd);

  /** Finds the next of its kind. Each search holds for all places it ran over, so that a text is run over once. */
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

  /** How long the line end at a place is: 0 where there is none, -1 where that cannot be told yet. */
  function lineEndAt(at: number, isLast: boolean): number {
    if (text.startsWith(lineEnd, at)) return 1;
    if (lineEnd === '\r' || text[at] !== '\r') return 0;
    if (at + 1 === length && !isLast) return -1;
    return text[at + 1] === '\n' ? 2 : 0;
  }

  /** Where the quotes that were opened before a place close; -1 where they do not. */
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
      /** The place after the cell, before what separates it from the next. */
      let end: number;
      /** From where on what is left of the cell is no longer quoted. */
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
          // Another quote, a delimiter or a line end may be cut in two here.
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
          // Text in quotes and more text: the cell is taken as it is. Quotes over several lines are no pair.
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
