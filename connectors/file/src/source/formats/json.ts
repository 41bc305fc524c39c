import { AriesError } from '@aries-data/sdk';
import { jsonVerifier } from 'stream-json/utils/verifier.js';
import type { SourceConfig } from '../../config.ts';
import { BATCH_RECORDS, Collector, type Group } from './collector.ts';
import { JsonDocument } from './json-document.ts';
import { JsonRecords } from './json-records.ts';
import { NAN_HINT, nanReader } from './nan.ts';
import { type Encoding, TextReader } from './text.ts';

/** The most bytes read together. */
const GROUP_BYTES = 1024 * 1024;

export interface JsonOptions {
  name: string;
  config: Pick<SourceConfig, 'records' | 'maxRecordBytes'> & { encoding: Encoding } & Partial<
      Pick<SourceConfig, 'allowNaN'>
    >;
  /** The number of records to skip because an earlier attempt has them. */
  skip: number;
  /** Opens the document again to locate an error; undefined if it can be read only once. */
  reopen?: (() => Promise<AsyncIterable<Uint8Array>>) | undefined;
  /** Called if the document is one record that seems to wrap many, with a pointer to them and their number. */
  onWrapped?(pointer: string, count: number): void;
}

/**
 * Reads a JSON document of any size: the elements of an array, or one object; also several consecutive documents. Values that are
 * not records are rejected; text that is not JSON fails with `DATA_INVALID` and the line.
 */
export async function* readJson(bytes: AsyncIterable<Uint8Array>, options: JsonOptions): AsyncGenerator<Group> {
  const { name, config } = options;
  const collector = new Collector((position) => records.origin(position), options.skip);
  const records: JsonRecords = new JsonRecords(config.records, name, collector, config.allowNaN);
  const document = new JsonDocument(records, config);
  let totalBytes = 0;
  let lastProgress = 0;
  let recordBytes = 0;
  let groupBytes = 0;

  for await (const chunk of bytes) {
    totalBytes += chunk.length;
    try {
      document.write(chunk);
    } catch (error) {
      throw await notJson(error, options);
    }
    recordBytes = records.progress === lastProgress ? recordBytes + chunk.length : 0;
    lastProgress = records.progress;
    if (recordBytes > config.maxRecordBytes) throw tooLong(records.current, config.maxRecordBytes);
    groupBytes += chunk.length;
    if (collector.size >= BATCH_RECORDS || groupBytes >= GROUP_BYTES) {
      yield { items: collector.take(), next: { records: collector.seen } };
      groupBytes = 0;
    }
  }
  try {
    document.flush();
  } catch (error) {
    throw await notJson(error, options);
  }
  try {
    document.end();
  } catch (error) {
    throw incomplete(error, name, totalBytes);
  }
  if (document.isEmpty) {
    throw new AriesError('DATA_INVALID', `${name} is empty`, { hint: 'A JSON document without records is [].' });
  }
  if (records.wrapped !== undefined && collector.seen === 1)
    options.onWrapped?.(records.wrapped.pointer, records.wrapped.count);
  yield { items: collector.take(), next: { records: collector.seen } };
}

function incomplete(error: unknown, name: string, bytes: number): unknown {
  if (error instanceof AriesError) return error;
  return new AriesError(
    'DATA_INVALID',
    `${name} is an incomplete JSON document: it ends at byte ${bytes}, ${expectation(error)}`,
    {
      hint: 'It may have been cut off while it was written or copied.',
    },
  );
}

/** Locates the place where a document stops being JSON, by reading it again with positions counted. */
async function notJson(error: unknown, { name, config, reopen }: JsonOptions): Promise<unknown> {
  if (error instanceof AriesError) return error;
  const found = reopen === undefined ? undefined : await placeOfError(await reopen(), config);
  return new AriesError('DATA_INVALID', `${name} is not JSON${found?.place ?? ''}: ${expectation(error)}`, {
    hint: found?.nan === true ? NAN_HINT : 'Correct the file, or set "format" if it is not json.',
  });
}

/** Returns the place of the error, and whether an unwanted NaN or Infinity comes before it or shortly after it. */
async function placeOfError(
  bytes: AsyncIterable<Uint8Array>,
  { encoding, allowNaN = false }: JsonOptions['config'],
): Promise<{ place: string; nan: boolean }> {
  const text = new TextReader(encoding);
  const nan = nanReader();
  const verify = jsonVerifier({ jsonStreaming: true });
  try {
    for await (const chunk of bytes) {
      const written = text.write(chunk);
      const converted = nan.write(written);
      verify(allowNaN ? converted : written);
    }
  } catch (error) {
    const { line, pos } = error as { line?: number; pos?: number };
    if (line === undefined) throw error;
    // Marked numbers are longer, so only the line is right.
    return { place: ` at line ${line}${allowNaN && nan.met ? '' : `, column ${pos}`}`, nan: nan.met && !allowNaN };
  }
  return { place: '', nan: false };
}

function expectation(error: unknown): string {
  return (error as Error).message.replace(/^Parser (?:cannot parse input: |has )/, '');
}

function tooLong(origin: string, limit: number): AriesError {
  return new AriesError('DATA_INVALID', `${origin} is longer than ${limit} bytes`, {
    hint: 'If the records are deeper in the document, point to them with "records". Otherwise raise "maxRecordBytes".',
  });
}
