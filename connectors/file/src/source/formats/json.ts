import { AriesError } from '@aries-data/sdk';
import { jsonVerifier } from 'stream-json/utils/verifier.js';
import type { SourceConfig } from '../../config.ts';
import { BATCH_RECORDS, Collector, type Group } from './collector.ts';
import { JsonDocument } from './json-document.ts';
import { JsonRecords } from './json-records.ts';
import { NAN_HINT, nanReader } from './nan.ts';
import { type Encoding, TextReader } from './text.ts';

/** Bytes read together at most. */
const GROUP_BYTES = 1024 * 1024;

export interface JsonOptions {
  name: string;
  config: Pick<SourceConfig, 'records' | 'maxRecordBytes'> & { encoding: Encoding } & Partial<
      Pick<SourceConfig, 'allowNaN'>
    >;
  /** Records to pass over: an earlier attempt has them. */
  skip: number;
  /** Opens the document once more, to find the place of an error, where it can be read twice. */
  reopen?: (() => Promise<AsyncIterable<Uint8Array>>) | undefined;
  /** Called where the document is one record that looks like the wrapping of many, with a pointer to them and their number. */
  onWrapped?(pointer: string, count: number): void;
}

/**
 * Reads a JSON document of any size: the elements of an array, or one object; also several documents one after the other. What is no
 * record is rejected; what is no JSON document fails with `DATA_INVALID`, naming the line.
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
    throw new AriesError('DATA_INVALID', `${name} is empty`, { hint: 'A JSON document has at least [] in it.' });
  }
  if (records.wrapped !== undefined && collector.seen === 1)
    options.onWrapped?.(records.wrapped.pointer, records.wrapped.count);
  yield { items: collector.take(), next: { records: collector.seen } };
}

function incomplete(error: unknown, name: string, bytes: number): unknown {
  if (error instanceof AriesError) return error;
  return new AriesError(
    'DATA_INVALID',
    `${name} is no whole JSON document: it ends at byte ${bytes}, ${expectation(error)}`,
    {
      hint: 'Was it cut off while it was written or copied?',
    },
  );
}

/** Says where a document stops being JSON, by reading it again with all positions counted. */
async function notJson(error: unknown, { name, config, reopen }: JsonOptions): Promise<unknown> {
  if (error instanceof AriesError) return error;
  const found = reopen === undefined ? undefined : await placeOfError(await reopen(), config);
  return new AriesError('DATA_INVALID', `${name} is not JSON${found?.place ?? ''}: ${expectation(error)}`, {
    hint: found?.nan === true ? NAN_HINT : 'Correct the file, or set "format" where it is something else.',
  });
}

/** Where the error is, and whether there is a NaN or an Infinity that was not asked for before or shortly after it. */
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
    // Converted numbers are longer, so only the line is right.
    return { place: ` at line ${line}${allowNaN && nan.met ? '' : `, column ${pos}`}`, nan: nan.met && !allowNaN };
  }
  return { place: '', nan: false };
}

function expectation(error: unknown): string {
  return (error as Error).message.replace(/^Parser (?:cannot parse input: |has )/, '');
}

function tooLong(origin: string, limit: number): AriesError {
  return new AriesError('DATA_INVALID', `${origin} is longer than ${limit} bytes`, {
    hint: 'Where the records lie deeper in the document, point at them with "records"; else raise "maxRecordBytes".',
  });
}
