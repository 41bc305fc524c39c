import type { Lsn } from './lsn.ts';
import { malformed } from './malformed.ts';
import { ChunkText, Tuple } from './tuple.ts';

/** A column of a table, as the log knew it when the changes after it were made. */
export interface LogColumn {
  name: string;
  /** True if it belongs to the replica identity. */
  isKey: boolean;
  /** Oid of the type. */
  type: number;
  /** The type's modifier, such as a length; -1 if it has none. */
  modifier: number;
}

/** A table, as the log describes it before its first change and after each change of its columns. */
export interface LogRelation {
  oid: number;
  schema: string;
  name: string;
  columns: LogColumn[];
}

/** Receives what pgoutput says, in the order of the log. Tuples are valid only during the call. */
export interface LogHandler {
  /** A transaction begins, whose commit lies at `commitLsn`. `time` is that of the commit, in microseconds since 2000. */
  begin(commitLsn: Lsn, time: bigint): void;
  /** The transaction ends. `endLsn` is the place after its commit. */
  commit(commitLsn: Lsn, endLsn: Lsn): void;
  relation(relation: LogRelation): void;
  /** Returns true if the changes of a table are wanted. Otherwise they are not decoded. */
  wants(oid: number): boolean;
  insert(oid: number, row: Tuple): void;
  /** `old` has the key before the change, or the whole row, if the server sent it. */
  update(oid: number, row: Tuple, old: Tuple | undefined): void;
  delete(oid: number, old: Tuple): void;
  truncate(oids: readonly number[]): void;
}

// Kinds of messages: https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html
const BEGIN = 0x42; // B
const COMMIT = 0x43; // C
const RELATION = 0x52; // R
const INSERT = 0x49; // I
const UPDATE = 0x55; // U
const DELETE = 0x44; // D
const TRUNCATE = 0x54; // T
const TYPE = 0x59; // Y
const ORIGIN = 0x4f; // O
const MESSAGE = 0x4d; // M

const KEY = 0x4b; // K
const OLD = 0x4f; // O
const NEW = 0x4e; // N

/**
 * Makes the decoder of pgoutput's messages, version 1 of its protocol: whole transactions in the order of their commits. Throws
 * `DATA_INVALID` for bytes that are no such message.
 */
export function pgoutputDecoder(handler: LogHandler): (bytes: Buffer, start: number, end: number) => void {
  const chunk = new ChunkText();
  const row = new Tuple(chunk);
  const before = new Tuple(chunk);

  function decode(bytes: Buffer, start: number, end: number): void {
    if (start >= end) throw malformed('a message is empty');
    const at = start + 1;
    switch (bytes[start]) {
      case INSERT: {
        const oid = uint32(bytes, at, end);
        if (!handler.wants(oid)) return;
        expectKind(bytes, at + 4, end, NEW);
        ends(row.read(bytes, at + 5, end), end);
        handler.insert(oid, row);
        return;
      }
      case UPDATE: {
        const oid = uint32(bytes, at, end);
        if (!handler.wants(oid)) return;
        const kind = bytes[at + 4];
        const hasOld = kind === KEY || kind === OLD;
        const next = hasOld ? before.read(bytes, at + 5, end) : at + 4;
        expectKind(bytes, next, end, NEW);
        ends(row.read(bytes, next + 1, end), end);
        handler.update(oid, row, hasOld ? before : undefined);
        return;
      }
      case DELETE: {
        const oid = uint32(bytes, at, end);
        if (!handler.wants(oid)) return;
        if (bytes[at + 4] !== KEY && bytes[at + 4] !== OLD) throw malformed('a delete has no key');
        ends(before.read(bytes, at + 5, end), end);
        handler.delete(oid, before);
        return;
      }
      case BEGIN:
        ends(at + 20, end);
        handler.begin(bytes.readBigUInt64BE(at), bytes.readBigInt64BE(at + 8));
        return;
      case COMMIT:
        ends(at + 25, end);
        handler.commit(bytes.readBigUInt64BE(at + 1), bytes.readBigUInt64BE(at + 9));
        return;
      case RELATION:
        handler.relation(relationOf(bytes, at, end));
        return;
      case TRUNCATE:
        handler.truncate(truncatedOf(bytes, at, end));
        return;
      case TYPE:
      case ORIGIN:
      case MESSAGE:
        return;
      default:
        throw malformed(`a message has the unknown kind ${bytes[start]}`);
    }
  }
  return decode;
}

function uint32(bytes: Buffer, at: number, end: number): number {
  if (at + 4 > end) throw malformed('a message ends early');
  return bytes.readUInt32BE(at);
}

function expectKind(bytes: Buffer, at: number, end: number, kind: number): void {
  if (at >= end || bytes[at] !== kind) throw malformed('a change has no new row');
}

function ends(at: number, end: number): void {
  if (at !== end) throw malformed('a message has another length than its content');
}

function relationOf(bytes: Buffer, start: number, end: number): LogRelation {
  const oid = uint32(bytes, start, end);
  const schema = textAt(bytes, start + 4, end);
  const name = textAt(bytes, schema.next, end);
  // The replica identity is one byte, the number of columns two.
  let next = name.next + 3;
  if (next > end) throw malformed('a table has no columns');
  const count = bytes.readUInt16BE(next - 2);
  const columns: LogColumn[] = [];
  for (let index = 0; index < count; index++) {
    if (next >= end) throw malformed('the columns of a table end early');
    const isKey = (bytes[next]! & 1) === 1;
    const column = textAt(bytes, next + 1, end);
    next = column.next + 8;
    if (next > end) throw malformed('the columns of a table end early');
    columns.push({
      name: column.text,
      isKey,
      type: bytes.readUInt32BE(next - 8),
      modifier: bytes.readInt32BE(next - 4),
    });
  }
  ends(next, end);
  // An empty schema stands for pg_catalog.
  return { oid, schema: schema.text === '' ? 'pg_catalog' : schema.text, name: name.text, columns };
}

function truncatedOf(bytes: Buffer, start: number, end: number): number[] {
  const count = uint32(bytes, start, end);
  ends(start + 5 + 4 * count, end);
  return Array.from({ length: count }, (_, index) => bytes.readUInt32BE(start + 5 + 4 * index));
}

function textAt(bytes: Buffer, start: number, end: number): { text: string; next: number } {
  const zero = bytes.indexOf(0, start);
  if (zero === -1 || zero >= end) throw malformed('a name has no end');
  return { text: bytes.toString('utf8', start, zero), next: zero + 1 };
}
