import { duplicateName, ndjsonLines, parseExact } from '@aries-data/formats';
import type { Json, JsonRecord } from '@aries-data/sdk';
import type { SourceConfig } from '../../config.ts';
import { skipBytes } from '../locations/bytes.ts';
import { Collector, type Group } from './collector.ts';
import { isRecord, kindOf } from './json-records.ts';
import { withMarkedNan, withNan } from './nan.ts';
import { type Encoding, INVALID, invalidReason, shown, TextReader } from './text.ts';

/** Four times as much is no faster and takes 100 MB more memory. */
const GROUP_BYTES = 64 * 1024;

export interface NdjsonOptions {
  name: string;
  config: Pick<SourceConfig, 'maxRecordBytes'> & { encoding: Encoding } & Partial<Pick<SourceConfig, 'allowNaN'>>;
  /** The place that an earlier attempt reached, counted in UTF-8. */
  after?: { offset: number; line: number } | undefined;
  /** The number of bytes to skip to get there, counted in UTF-8. */
  skip: number;
  /** Called if the file contains only white space. */
  onEmpty?(): void;
}

/** Reads one JSON object per line. A line that is not one is rejected, and reading continues. */
export async function* readNdjson(
  bytes: AsyncIterable<Uint8Array>,
  { name, config, after, skip, onEmpty = () => {} }: NdjsonOptions,
): AsyncGenerator<Group> {
  const { encoding, maxRecordBytes } = config;
  const collector = new Collector((line) => `${name}:${line}`);
  const utf8 = encoding === 'utf-8' ? bytes : toUtf8(bytes, encoding);
  const lines = ndjsonLines(skipBytes(utf8, skip), {
    maxLineBytes: maxRecordBytes,
    groupBytes: GROUP_BYTES,
    ...(after === undefined ? {} : { from: after }),
  });
  for await (const group of lines) {
    let bad = 0;
    for (let i = 0; i < group.lines.length; i++) {
      const line = group.numbers[i]!;
      for (; bad < group.bad.length && group.bad[bad]!.line < line; bad++) rejectBad(collector, group.bad[bad]!);
      readLine(collector, group.lines[i]!, line, config);
    }
    for (; bad < group.bad.length; bad++) rejectBad(collector, group.bad[bad]!);
    yield { items: collector.take(), next: { offset: group.offset, line: group.nextLine } };
  }
  if (collector.seen === 0 && after === undefined) onEmpty();
}

function rejectBad(collector: Collector, { reason, line, text }: { reason: string; line: number; text: string }): void {
  collector.reject(reason, line, text);
}

function readLine(
  collector: Collector,
  text: string,
  line: number,
  { encoding, allowNaN = false }: NdjsonOptions['config'],
): void {
  if (encoding !== 'utf-8' && text.includes(INVALID)) {
    collector.reject(invalidReason(encoding), line, shown(text));
    return;
  }
  let value: Json;
  try {
    value = parseExact(text);
  } catch (error) {
    const nan = readNan(text);
    if (nan !== undefined && allowNaN) collector.add(nan, line);
    else collector.reject(nan === undefined ? notJson(error, text) : NAN_REASON, line, text);
    return;
  }
  const twice = duplicateName(text, value);
  if (twice !== undefined) collector.reject(`the name ${JSON.stringify(twice)} occurs twice in one object`, line, text);
  else if (isRecord(value)) collector.add(value, line);
  else collector.reject(`expected an object, found ${kindOf(value)}`, line, text);
}

const NAN_REASON = 'it is not JSON: it contains NaN or Infinity. To read them as numbers, set "allowNaN" to true';

function notJson(error: unknown, text: string): string {
  const reason = `it is not JSON: ${(error as Error).message.replace(/ \(line 1 column \d+\)$/, '')}`;
  // JSON documents may follow one another with any white space in between.
  return /[}\]][ \t]{0,20}\r\s{0,20}[{[]/.test(text)
    ? `${reason}. To read lines that end in a carriage return alone, set "format" to json`
    : reason;
}

/** Reads a line that would be JSON except for NaN and the infinities. */
function readNan(text: string): JsonRecord | undefined {
  const marked = withMarkedNan(text);
  if (marked === undefined) return undefined;
  try {
    const value = parseExact(marked);
    return isRecord(value) && duplicateName(marked, value) === undefined ? withNan(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Converts text to UTF-8. */
export async function* toUtf8(bytes: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Buffer> {
  const text = new TextReader(encoding);
  for await (const chunk of bytes) yield Buffer.from(text.write(chunk));
  const last = text.end();
  if (last !== '') yield Buffer.from(last);
}
