import { AriesError } from '@aries-data/sdk';
import { Collector, type Group } from './collector.ts';
import { CR, type CsvConfig, CsvRows, LF } from './csv-rows.ts';
import { extensionOf } from './guess-format.ts';
import { toUtf8 } from './ndjson.ts';

/** Enough for speed, and for a pause that nobody feels. */
const BLOCK_BYTES = 256 * 1024;

export interface CsvOptions {
  name: string;
  config: CsvConfig;
  /** Records to pass over: an earlier attempt has them. */
  skip: number;
  /** Bytes parsed together. */
  blockBytes?: number;
}

/**
 * Reads a csv file. A row that is broken, or has more or fewer cells than there are columns, is rejected by its line, and
 * the rest goes on. A header that cannot serve fails with `DATA_INVALID`.
 */
export async function* readCsv(
  bytes: AsyncIterable<Uint8Array>,
  { name, config, skip, blockBytes = BLOCK_BYTES }: CsvOptions,
): AsyncGenerator<Group> {
  const collector = new Collector((line) => `${name}:${line}`, skip);
  const withDelimiter = { ...config, delimiter: config.delimiter ?? (extensionOf(name) === 'tsv' ? '\t' : ',') };
  let rows: CsvRows | undefined;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let wanted = blockBytes;

  function read(isLast: boolean): Group {
    const bytes = Buffer.concat(held);
    rows ??= new CsvRows(name, withDelimiter, collector, lineEndOf(bytes));
    const end = isLast ? bytes.length : bytes.lastIndexOf(rows.lineEnd) + 1;
    const rest = bytes.subarray(rows.read(bytes.subarray(0, end), isLast));
    if (bytes.length - end > config.maxRecordBytes) throw tooLong(name, rows.line, config.maxRecordBytes);
    held = [rest];
    heldBytes = rest.length;
    // A row longer than a block is parsed anew from its start; waiting until there is twice as much keeps that linear.
    wanted = Math.max(blockBytes, heldBytes * 2);
    return { items: collector.take(), next: { records: collector.seen } };
  }

  for await (const chunk of toUtf8(bytes, config.encoding)) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes >= wanted && (rows !== undefined || heldBytes >= BLOCK_BYTES || chunk.includes(LF)))
      yield read(false);
  }
  yield read(true);
}

/** Files of old Macs end their lines with a carriage return alone. */
function lineEndOf(bytes: Buffer): typeof LF | typeof CR {
  return bytes.includes(LF) || !bytes.includes(CR) ? LF : CR;
}

function tooLong(name: string, line: number, limit: number): AriesError {
  return new AriesError('DATA_INVALID', `${name}:${line} is longer than ${limit} bytes`, {
    hint: 'Is it csv? If its lines are that long, raise "maxRecordBytes".',
  });
}
