import type { EncodedResult } from '@aries-data/sdk';
import type { Part } from '../dataset/manifest.ts';
import { leftOf, takeEncoded } from './cursor-reach.ts';
import type { StreamExtract } from './stream-extract.ts';
import type { StreamProgress, Written } from './stream-progress.ts';

/** Result of one piece of an encoded stream, with its number in the order of the source. */
export type Piece = EncodedResult & { index: number };

/** Pieces whose rows are all in closed part files, and these files, which hold nothing else. */
export interface Durable {
  pieces: readonly Piece[];
  parts: readonly Part[];
}

export interface EncodedProgress {
  /** Adds pieces that are durable, in any order. Returns true if a later attempt could resume after them. */
  add(durable: Durable): boolean;
  /** Parts that count as progress so far. */
  readonly written: Written;
}

/**
 * Tracks pieces that become durable in any order. They count as progress in the order of the source, because a position means that
 * everything before it is durable.
 */
export function createEncodedProgress({ window }: StreamExtract, progress: StreamProgress): EncodedProgress {
  const { base, counts } = progress;
  const parts: Part[] = [];
  const waiting: Durable[] = [];
  let counted = 0;

  /** Returns how many of the waiting entries, in the order of their last pieces, leave no gap before their end. */
  function countable(): number {
    let [pieces, whole] = [counted, 0];
    for (const [index, one] of waiting.entries()) {
      pieces += one.pieces.length;
      if (pieces === one.pieces.at(-1)!.index + 1) whole = index + 1;
    }
    return whole;
  }

  return {
    add(durable) {
      if (durable.pieces.length === 0) return false;
      waiting.push(durable);
      waiting.sort((a, b) => a.pieces.at(-1)!.index - b.pieces.at(-1)!.index);
      const ready = waiting.splice(0, countable());
      const pieces = ready.flatMap((one) => one.pieces).sort((a, b) => a.index - b.index);
      for (const piece of pieces) {
        const left = leftOf(piece);
        counts.read += piece.rows + left;
        counts.outside += left;
        counts.staged += piece.rows;
        if (window.mode !== 'interval') takeEncoded(progress, piece, window.order);
        if (piece.position !== undefined) base.position = piece.position;
      }
      for (const one of ready) parts.push(...one.parts);
      counted += pieces.length;
      return pieces.at(-1)?.position !== undefined;
    },
    written: { parts, rejectedParts: [], firstRejected: null },
  };
}
