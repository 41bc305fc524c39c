import { isUtf8 } from 'node:buffer';
import type { Json } from '@aries-data/sdk';
import { type Block, putLength, reserve, type Sink } from './block.ts';

/**
 * Reads the value in the bytes `from` … `to`. Returns undefined if they are not valid for the type. The format of the bytes is defined by
 * the send functions of the types: https://www.postgresql.org/docs/current/sql-copy.html refers to them.
 */
export type ReadValue = (block: Block, from: number, to: number) => Json | undefined;

/** Writes length and bytes of a value that is not null. Returns false if the type cannot hold the value. */
export type WriteValue = (sink: Sink, value: Json) => boolean;

export const readBool: ReadValue = ({ bytes }, from) => {
  const byte = bytes[from]!;
  return byte > 1 ? undefined : byte === 1;
};

export const writeBool: WriteValue = (sink, value) => {
  if (typeof value !== 'boolean') return false;
  reserve(sink, 5);
  putLength(sink, 1);
  sink.bytes[sink.at++] = value ? 1 : 0;
  return true;
};

export const readInt2: ReadValue = ({ view }, from) => view.getInt16(from);
export const readInt4: ReadValue = ({ view }, from) => view.getInt32(from);
export const readOid: ReadValue = ({ view }, from) => String(view.getUint32(from));

/** Limit for the high halves of numbers that a double can hold exactly. */
const SAFE_HIGH = 1 << 20;

export const readInt8: ReadValue = ({ view }, from) => {
  const high = view.getInt32(from);
  if (high >= -SAFE_HIGH && high < SAFE_HIGH) return String(high * 4294967296 + view.getUint32(from + 4));
  return view.getBigInt64(from).toString();
};

export const writeInt2: WriteValue = (sink, value) => {
  if (typeof value !== 'number' || (value << 16) >> 16 !== value) return false;
  reserve(sink, 6);
  putLength(sink, 2);
  sink.view.setInt16(sink.at, value);
  sink.at += 2;
  return true;
};

export const writeInt4: WriteValue = (sink, value) => {
  if (typeof value !== 'number' || (value | 0) !== value) return false;
  reserve(sink, 8);
  putLength(sink, 4);
  sink.view.setInt32(sink.at, value);
  sink.at += 4;
  return true;
};

export const writeOid: WriteValue = (sink, value) => {
  if (typeof value !== 'string' || !/^\d{1,10}$/.test(value) || Number(value) > 0xffffffff) return false;
  reserve(sink, 8);
  putLength(sink, 4);
  sink.view.setUint32(sink.at, Number(value));
  sink.at += 4;
  return true;
};

export const writeInt8: WriteValue = (sink, value) => {
  if (typeof value !== 'string' || !/^-?\d{1,19}$/.test(value)) return false;
  const number = BigInt(value);
  if (BigInt.asIntN(64, number) !== number) return false;
  reserve(sink, 12);
  putLength(sink, 8);
  sink.view.setBigInt64(sink.at, number);
  sink.at += 8;
  return true;
};

export const readText: ReadValue = ({ bytes, latin }, from, to) => {
  for (let at = from; at < to; at++) if (bytes[at]! > 127) return wideText(bytes, from, to);
  return latin === '' ? bytes.toString('latin1', from, to) : latin.slice(from, to);
};

function wideText(bytes: Buffer, from: number, to: number): string | undefined {
  const text = bytes.toString('utf8', from, to);
  // Invalid UTF-8 becomes U+FFFD, which a text may also contain itself.
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to)) ? undefined : text;
}

export const writeText: WriteValue = (sink, value) => {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  reserve(sink, 4 + value.length * 3);
  const length = sink.bytes.write(value, sink.at + 4);
  putLength(sink, length);
  sink.at += length;
  return true;
};

/** Version of the binary format of jsonb. There has been no other. */
const JSONB_VERSION = 1;

export const readJsonb: ReadValue = (block, from, to) =>
  block.bytes[from] === JSONB_VERSION ? readText(block, from + 1, to) : undefined;

export const writeJsonb: WriteValue = (sink, value) => {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  reserve(sink, 5 + value.length * 3);
  const length = sink.bytes.write(value, sink.at + 5);
  putLength(sink, length + 1);
  sink.bytes[sink.at] = JSONB_VERSION;
  sink.at += length + 1;
  return true;
};

export const readUuid: ReadValue = ({ bytes }, from) => {
  const hex = bytes.toString('hex', from, from + 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

export const writeUuid: WriteValue = (sink, value) => {
  if (typeof value !== 'string' || !UUID.test(value)) return false;
  reserve(sink, 20);
  putLength(sink, 16);
  sink.bytes.write(value.replace(/-/g, ''), sink.at, 16, 'hex');
  sink.at += 16;
  return true;
};

export const readBytes: ReadValue = ({ bytes }, from, to) => bytes.toString('base64', from, to);

export const writeBytes: WriteValue = (sink, value) => {
  if (typeof value !== 'string') return false;
  const bytes = Buffer.from(value, 'base64');
  reserve(sink, 4 + bytes.length);
  putLength(sink, bytes.length);
  bytes.copy(sink.bytes, sink.at);
  sink.at += bytes.length;
  return true;
};
