import { isUtf8 } from 'node:buffer';
import { BATCH_BYTES, joined } from '../blocks.ts';

/** Lines of an ndjson file that were read together. */
export interface LineGroup {
  /** Number of the group's first line, from 1. */
  firstLine: number;
  /** Number of the line after the group. */
  nextLine: number;
  /** Offset of the end of the group, in bytes. Together with `nextLine`, the position to resume from. */
  offset: number;
  /** Lines without their line ends. Blank lines are omitted. */
  lines: string[];
  /** Line number of each of `lines`. */
  numbers: number[];
  /** Lines that cannot be read. */
  bad: BadLine[];
}

/** A line that cannot be read. */
export interface BadLine {
  line: number;
  /** The reason, without a capital or a full stop: `not UTF-8`. */
  reason: string;
  /** Start of the line, as far as it can be shown. */
  text: string;
}

/** Position in a file: offset in bytes, and number of the next line. */
export interface LinePosition {
  offset: number;
  line: number;
}

/** Options of `ndjsonLines`. */
export interface LineOptions {
  /** Longer lines are reported as bad. Default: 64 MiB, at most 256 MiB. */
  maxLineBytes?: number;
  /** Approximate size of a group, in bytes. */
  groupBytes?: number;
  /** Position of `body` in the file: `offset` and `nextLine` of the last group read before. Default: the start. */
  from?: LinePosition;
}

const LF = 10;
const CR = 13;
const MAX_LINE_BYTES = 64 * 1024 * 1024;
const LONGEST_LINE_BYTES = 256 * 1024 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const SHOWN_BYTES = 1000;

/**
 * Reads the lines of an ndjson file as people write them: with or without a line feed at the end, a byte order mark, CRLF or blank lines.
 * Lines that are not UTF-8 or too long are reported as bad, and reading continues after them.
 *
 * @example
 * for await (const group of ndjsonLines(createReadStream(path))) {
 *   yield group.lines.map((title, index) => ({ id: String(group.numbers[index]), title }));
 *   yield checkpoint({ offset: group.offset, line: group.nextLine });
 * }
 */
export async function* ndjsonLines(
  body: AsyncIterable<Uint8Array>,
  options: LineOptions = {},
): AsyncGenerator<LineGroup> {
  const { groupBytes = BATCH_BYTES, from = { offset: 0, line: 1 } } = options;
  const maxLineBytes = Math.min(options.maxLineBytes ?? MAX_LINE_BYTES, LONGEST_LINE_BYTES);
  let position = from;
  for await (const piece of cutLines(body, groupBytes, maxLineBytes)) {
    const group =
      piece instanceof Uint8Array ? readBlock(piece, position, maxLineBytes) : passOver(piece, position, maxLineBytes);
    position = { offset: group.offset, line: group.nextLine };
    yield group;
  }
}

/** A line that is too long. Only its start is kept. */
interface LongLine {
  beginning: Buffer;
  bytes: number;
}

/** Cuts bytes into blocks of complete lines. Of a line that is too long, it keeps only what can be shown. */
async function* cutLines(
  body: AsyncIterable<Uint8Array>,
  groupBytes: number,
  maxLineBytes: number,
): AsyncGenerator<Buffer | LongLine> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let openBytes = 0;
  let long: LongLine | undefined;
  for await (const chunk of body) {
    for (let start = 0; start < chunk.length; start += groupBytes) {
      let piece = chunk.subarray(start, start + groupBytes);
      if (long !== undefined) {
        const end = piece.indexOf(LF) + 1;
        long.bytes += end === 0 ? piece.length : end;
        if (end === 0) continue;
        yield long;
        long = undefined;
        piece = piece.subarray(end);
      }
      held.push(piece);
      heldBytes += piece.length;
      const end = piece.lastIndexOf(LF) + 1;
      openBytes = end === 0 ? openBytes + piece.length : piece.length - end;
      // A byte order mark and a carriage return are not part of the line. They are removed later.
      const isLong = openBytes > maxLineBytes + BYTE_ORDER_MARK.length + 1;
      if (heldBytes - openBytes < groupBytes && !isLong) continue;
      const bytes = joined(held);
      const open = bytes.subarray(heldBytes - openBytes);
      if (openBytes < heldBytes) yield bytes.subarray(0, heldBytes - openBytes);
      if (isLong) long = { beginning: Buffer.from(open.subarray(0, SHOWN_BYTES)), bytes: openBytes };
      openBytes = long === undefined ? openBytes : 0;
      held = openBytes === 0 ? [] : [open];
      heldBytes = openBytes;
    }
  }
  if (long !== undefined) yield long;
  else if (heldBytes > 0) yield joined(held);
}

function passOver(line: LongLine, from: LinePosition, maxLineBytes: number): LineGroup {
  const bad = [{ line: from.line, reason: tooLong(maxLineBytes), text: line.beginning.toString('utf8') }];
  return {
    firstLine: from.line,
    nextLine: from.line + 1,
    offset: from.offset + line.bytes,
    lines: [],
    numbers: [],
    bad,
  };
}

function readBlock(block: Buffer, from: LinePosition, maxLineBytes: number): LineGroup {
  const group: LineGroup = {
    firstLine: from.line,
    nextLine: from.line,
    offset: from.offset + block.length,
    lines: [],
    numbers: [],
    bad: [],
  };
  const hasMark = from.offset === 0 && block.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const bytes = hasMark ? block.subarray(BYTE_ORDER_MARK.length) : block;
  if (bytes.length === 0) return group;
  const lines = isUtf8(bytes) ? bytes.toString('utf8').split('\n') : linesOf(bytes);
  // If nothing follows the last line feed, that is not a line.
  if (bytes[bytes.length - 1] === LF) lines.pop();
  for (let i = 0; i < lines.length; i++) readLine(lines[i]!, group, maxLineBytes);
  return group;
}

/** Adds a line to its group. It is given as bytes only if its block is not valid UTF-8. */
function readLine(line: string | Buffer, group: LineGroup, maxLineBytes: number): void {
  const number = group.nextLine++;
  const content = withoutReturn(line);
  const isText = typeof content === 'string' || isUtf8(content);
  const text = typeof content === 'string' ? content : content.toString('utf8');
  if (isLongerThan(content, maxLineBytes)) {
    group.bad.push({ line: number, reason: tooLong(maxLineBytes), text: text.slice(0, SHOWN_BYTES) });
  } else if (!isText) {
    group.bad.push({ line: number, reason: 'not UTF-8', text: text.slice(0, SHOWN_BYTES) });
  } else if (!isBlank(text)) {
    group.lines.push(text);
    group.numbers.push(number);
  }
}

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  lines.push(bytes.subarray(start));
  return lines;
}

function withoutReturn(line: string | Buffer): string | Buffer {
  if (typeof line === 'string') return line.charCodeAt(line.length - 1) === CR ? line.slice(0, -1) : line;
  return line[line.length - 1] === CR ? line.subarray(0, -1) : line;
}

function isBlank(line: string): boolean {
  return line.charCodeAt(0) > 32 ? false : line.trim() === '';
}

function isLongerThan(line: string | Buffer, bytes: number): boolean {
  if (typeof line !== 'string') return line.length > bytes;
  // A character takes at most three bytes of UTF-8, so few lines need to be measured.
  return line.length * 3 > bytes && Buffer.byteLength(line) > bytes;
}

function tooLong(maxLineBytes: number): string {
  return `longer than ${maxLineBytes} bytes`;
}
