import { duplicateName, type Json, ndjsonLines, parseExact } from '@aries-data/sdk';
import type { SourceConfig } from '../config.ts';
import { skipBytes } from '../locations/bytes.ts';
import { Collector, type Group } from './collector.ts';
import { isRecord, kindOf } from './json-records.ts';
import { type Encoding, INVALID, invalidReason, shown, TextReader } from './text.ts';

/** Four times as much reads no faster, and takes 100 MB more memory. */
const GROUP_BYTES = 64 * 1024;

export interface NdjsonOptions {
  name: string;
  config: Pick<SourceConfig, 'maxRecordBytes'> & { encoding: Encoding };
  /** Where an earlier attempt got to, counted in UTF-8. */
  after?: { offset: number; line: number } | undefined;
  /** Bytes to pass over to get there, counted in UTF-8. */
  skip: number;
}

/** Reads one JSON object a line. A line that is none is rejected, and the rest goes on. */
export async function* readNdjson(
  bytes: AsyncIterable<Uint8Array>,
  { name, config, after, skip }: NdjsonOptions,
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
      readLine(collector, group.lines[i]!, line, encoding);
    }
    for (; bad < group.bad.length; bad++) rejectBad(collector, group.bad[bad]!);
    yield { items: collector.take(), next: { offset: group.offset, line: group.nextLine } };
  }
}

function rejectBad(collector: Collector, { reason, line, text }: { reason: string; line: number; text: string }): void {
  collector.reject(reason, line, text);
}

function readLine(collector: Collector, text: string, line: number, encoding: Encoding): void {
  if (encoding !== 'utf-8' && text.includes(INVALID)) {
    collector.reject(invalidReason(encoding), line, shown(text));
    return;
  }
  let value: Json;
  try {
    value = parseExact(text);
  } catch (error) {
    collector.reject(`it is not JSON: ${(error as Error).message.replace(/ \(line 1 column \d+\)$/, '')}`, line, text);
    return;
  }
  const twice = duplicateName(text, value);
  if (twice !== undefined) collector.reject(`the name ${JSON.stringify(twice)} occurs twice in one object`, line, text);
  else if (isRecord(value)) collector.add(value, line);
  else collector.reject(`expected an object, found ${kindOf(value)}`, line, text);
}

/** The same text as UTF-8. */
export async function* toUtf8(bytes: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Buffer> {
  const text = new TextReader(encoding);
  for await (const chunk of bytes) yield Buffer.from(text.write(chunk));
  const last = text.end();
  if (last !== '') yield Buffer.from(last);
}
