import { Readable } from 'node:stream';
import { decompress } from '@aries-data/formats';
import { AriesError, type Compression, isAriesError } from '@aries-data/sdk';
import type { SourceConfig } from '../../config.ts';
import { peek } from '../locations/bytes.ts';
import { encodingOf, refuseForeign, refuseForeignName, SIGNATURE_BYTES } from './first-bytes.ts';
import { extensionOf, type FileFormat, formatOfName, formatOfText } from './guess-format.ts';
import { type Encoding, TextReader } from './text.ts';

/** Enough bytes to recognise a file's format. */
const HEAD_BYTES = 64 * 1024;

/** The decompressed content of a file. */
export interface Content {
  format: FileFormat;
  encoding: Encoding;
  compressed: boolean;
  bytes: AsyncIterable<Uint8Array>;
}

/** Decompresses a file and recognises its format if the config does not say it. */
export async function readContent(
  body: AsyncIterable<Uint8Array>,
  name: string,
  config: SourceConfig,
): Promise<Content> {
  const stored = await peek(body, SIGNATURE_BYTES);
  try {
    refuseForeign(stored.head, name);
    const compression = compressionOf(stored.head, name, config.compression);
    const plain = compression === 'none' ? stored.bytes : decompressed(stored.bytes, compression, name);
    const chosen = config.format ?? (config.records === '' ? undefined : 'json');
    const named = formatOfName(name);
    // A file named .json may contain one record per line.
    const isSure = chosen !== undefined || (named !== undefined && named !== 'json');
    const { head, bytes } = await peek(plain, isSure ? SIGNATURE_BYTES : HEAD_BYTES);
    refuseForeign(head, name);
    refuseCompressed(head, name, compression);
    const encoding = encodingOf(head, name, config.encoding);
    if (chosen === undefined && named === undefined && !isOfWeb(name)) refuseForeignName(extensionOf(name), name);
    const format = isSure ? (chosen ?? named!) : formatOfText(new TextReader(encoding).write(head), named);
    return { format, encoding, compressed: compression !== 'none', bytes };
  } catch (error) {
    await stored.bytes.return?.();
    throw error;
  }
}

/** True for a web URL: web servers may send a file decompressed or converted under the same name. */
function isOfWeb(name: string): boolean {
  return /^https?:/.test(name);
}

function refuseCompressed(head: Buffer, name: string, compression: Compression): void {
  const still = isGzip(head) ? 'gzip' : isZstd(head) ? 'zstd' : undefined;
  if (still === undefined) return;
  throw compression === 'none'
    ? new AriesError('DATA_INVALID', `${name} is compressed with ${still}, but "compression" is none`, {
        hint: 'Leave "compression" out.',
      })
    : new AriesError('DATA_INVALID', `${name} is compressed twice`, { hint: 'Decompress it once.' });
}

function compressionOf(head: Buffer, name: string, configured: Compression | undefined): Compression {
  if (configured !== undefined) return configured;
  if (isGzip(head)) return 'gz';
  if (isZstd(head)) return 'zst';
  const claimed = isOfWeb(name) ? undefined : /\.(gz|gzip|zst|zstd)$/i.exec(name)?.[1];
  if (claimed === undefined) return 'none';
  throw new AriesError(
    'DATA_INVALID',
    `${name} is ${head.length === 0 ? 'empty' : `no ${claimed} data`}, although its name says it is ${claimed}`,
    {
      hint: 'Create the file again or, if its name is wrong, set "compression" to none.',
    },
  );
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE();
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}

async function* decompressed(
  bytes: AsyncIterable<Uint8Array>,
  compression: Compression,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* decompress(
      Readable.from(bytes, { objectMode: false }),
      compression,
      'DATA_INVALID',
    ) as AsyncIterable<Uint8Array>;
  } catch (error) {
    // Errors from below may already name the file.
    if (!isAriesError(error) || error.code !== 'DATA_INVALID' || error.message.includes(name)) throw error;
    throw new AriesError('DATA_INVALID', `${name}: ${error.message}`, { cause: error, hint: error.hint });
  }
}
