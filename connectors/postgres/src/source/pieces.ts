import type { Json } from '@aries-data/sdk';
import pg from 'pg';
import { query, type Session } from '../connect/connect.ts';
import type { Column } from '../types.ts';
import type { Relation } from './discovery.ts';
import { literalOf, type Position, type Selection, whereOf } from './selection.ts';

/** A range of the key that one statement reads. */
export interface Piece {
  conditions: readonly string[];
  /** The last key in the piece; undefined for the last piece. */
  last?: string;
}

/** Large enough to be worth a statement. After an interruption, an unfinished piece is read again. */
const PIECE_BYTES = 16 * 1024 * 1024;
/** The number of ranges that the server's statistics distinguish. */
const MOST_PIECES = 100;

/**
 * Splits a read into ranges of the key, so that an interrupted read can resume. Returns one piece if the table is small, has no such
 * key, is not stored in its order, or mostly not wanted: then one statement is far faster.
 */
export async function piecesOf(
  session: Session,
  { rangeKey: key, from }: Relation,
  selection: Selection,
  { position, pieceBytes = PIECE_BYTES }: { position?: Position | undefined; pieceBytes?: number } = {},
): Promise<Piece[]> {
  const bounds =
    key === undefined || selection.limit !== undefined
      ? []
      : await boundsOf(session, { key, from, selection, position, pieceBytes });
  return [...bounds, undefined].map((last, index): Piece => {
    const conditions = key === undefined ? [] : rangeOf(key, bounds[index - 1], last);
    return last === undefined ? { conditions } : { conditions, last };
  });
}

/** Returns conditions for rows after one key, up to another; an undefined side is open. */
export function rangeOf(key: Column, after: Json | undefined, last: Json | undefined): string[] {
  const name = pg.escapeIdentifier(key.name);
  return [
    ...(after === undefined ? [] : [`${name} > ${literalOf(after, key)}`]),
    ...(last === undefined ? [] : [`${name} <= ${literalOf(last, key)}`]),
  ];
}

interface BoundsOptions {
  key: Column;
  from: string;
  selection: Selection;
  position?: Position | undefined;
  pieceBytes: number;
  /** The number of pieces to make, regardless of size and order on disk. */
  wanted?: number | undefined;
}

/** Returns keys, in order, that divide the table into pieces of about the same size. */
export async function boundsOf(
  session: Session,
  { key, from, selection, position, pieceBytes, wanted }: BoundsOptions,
): Promise<string[]> {
  const { rows } = await query<{ bytes: string; rows: number; correlation: number | null; histogram: string[] | null }>(
    session,
    `SELECT pg_catalog.pg_table_size(c.oid) AS bytes, c.reltuples AS rows, s.correlation, s.histogram_bounds::text::text[] AS histogram
       FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = $2 AND NOT s.inherited
      WHERE c.oid = $1::regclass AND c.relkind = 'r' AND NOT c.relhassubclass`,
    [from, key.name],
  );
  const [table] = rows;
  const pieces = Math.min(MOST_PIECES, wanted ?? Math.floor(Number(table?.bytes ?? 0) / pieceBytes));
  if (table === undefined || pieces < 2) return [];
  if (wanted === undefined) {
    if (table.correlation !== null && Math.abs(table.correlation) < 0.5) return [];
    if (position === undefined && (await isSmallShare(session, selection, table.rows))) return [];
  }
  const values = table.histogram ?? (await extremes(session, key, from));
  const picked =
    table.histogram === null
      ? between(values, pieces)
      : Array.from(
          { length: pieces - 1 },
          (_, index) => values[Math.round(((index + 1) * (values.length - 1)) / pieces)]!,
        );
  const ordered = await query<{ bound: string }>(
    session,
    `SELECT b::text AS bound FROM (SELECT DISTINCT unnest($1::text[])::${key.type} AS b) AS bounds${position === undefined ? '' : ` WHERE b > ${literalOf(position.after, key)}`} ORDER BY b`,
    [picked],
  );
  return ordered.rows.map(({ bound }) => bound);
}

/** True if conditions select less than half of a table, so that an index may be better than ranges of the key. */
async function isSmallShare(session: Session, { from, filters, bounds }: Selection, rows: number): Promise<boolean> {
  if (filters.length + bounds.length === 0) return false;
  const { rows: plans } = await query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    session,
    `EXPLAIN (FORMAT JSON) SELECT FROM ${from}${whereOf([...filters, ...bounds])}`,
  );
  return plans[0]!['QUERY PLAN'][0].Plan['Plan Rows'] * 2 < rows;
}

/** Returns the least and greatest value of a numeric key, for a table without statistics. */
async function extremes(session: Session, key: Column, from: string): Promise<string[]> {
  if (key.type === 'uuid') return [];
  const name = pg.escapeIdentifier(key.name);
  const { rows } = await query<{ least: string | null; greatest: string | null }>(
    session,
    `SELECT min(${name})::text AS least, max(${name})::text AS greatest FROM ${from}`,
  );
  const { least, greatest } = rows[0]!;
  return least === null || greatest === null ? [] : [least, greatest];
}

/** Returns numbers that divide the span between two into equal pieces. */
function between([least, greatest]: readonly string[], pieces: number): string[] {
  if (least === undefined || greatest === undefined) return [];
  const [from, width] = [BigInt(least), BigInt(greatest) - BigInt(least)];
  return Array.from({ length: pieces - 1 }, (_, index) => String(from + (width * BigInt(index + 1)) / BigInt(pieces)));
}
