import type { EncodedResult } from '@aries-data/sdk';
import type { Part } from '../dataset/manifest.ts';
import { leftOf, takeEncoded } from './cursor-reach.ts';
import type { StreamExtract } from './stream-extract.ts';
import type { StreamProgress, Written } from './stream-progress.ts';

/** What one piece of an encoded stream came to, by its number in the order of the source. */
export type Piece = EncodedResult & { index: number };

/** Pieces whose rows are all in part files that are closed, and nothing else in these. */
export interface Durable {
  pieces: readonly Piece[];
  parts: readonly Part[];
}

export interface EncodedProgress {
  /** Takes what has become durable, in any order; says whether a later attempt could go on behind it. */
  add(durable: Durable): boolean;
  /** What counts by now. */
  readonly written: Written;
}

/**
 * Keeps count of pieces that become durable in any order. They count as progress in the order of the source: a position says that
 * everything before it is there.
 */
export function createEncodedProgress({ window }: StreamExtract, progress: StreamProgress): EncodedProgress {
  const { base, counts } = progress;
  const parts: Part[] = [];
  const waiting: Durable[] = [];
  let counted = 0;

  /** How many of those that wait, in the order of their last pieces, leave no gap before their end. */
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
