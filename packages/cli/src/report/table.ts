import { styleText } from 'node:util';
import { wrap } from './wrap.ts';

/** Where a result is shown to people. */
export interface Page {
  /** How many characters a line holds. */
  width: number;
  /** Hides secrets. A table does so before it wraps a cell: half of a secret is not recognised. */
  hide(text: string): string;
}

/** The width of a page whose own is not known. */
export const USUAL_WIDTH = 80;

const GAP = '  ';
const NARROWEST = 8;
const NUMBER = /^[\d.,]+(?: [kMGTP]?B)?$/;

/**
 * Lays out columns under their titles. Columns of numbers are aligned to the right. If the lines are too long for the page, the
 * cells of the widest columns are wrapped; nothing is cut off.
 */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  { width, hide, indent = '' }: Page & { indent?: string },
): string {
  const shown = rows.map((row) => row.map(hide));
  const isNumber = titles.map((_, column) => rows.length > 0 && shown.every((row) => NUMBER.test(row[column] ?? '')));
  const natural = titles.map((title, column) => longest([title, ...shown.map((row) => row[column] ?? '')]));
  const widths = fitWidths(natural, isNumber, width - indent.length - GAP.length * (titles.length - 1));

  const lines = (row: readonly string[]): string[] => {
    const cells = titles.map((_, column) => wrap(row[column] ?? '', widths[column]!));
    const height = Math.max(...cells.map((cell) => cell.length));
    return Array.from({ length: height }, (_, line) => {
      const padded = cells.map((cell, column) => {
        const text = cell[line] ?? '';
        return isNumber[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
      });
      return `${indent}${padded.join(GAP)}`.trimEnd();
    });
  };
  return [...lines(titles).map((line) => styleText('dim', line)), ...shown.flatMap(lines)].join('\n');
}

/** Narrows columns of text, the widest first, until all columns fit. */
function fitWidths(natural: readonly number[], fixed: readonly boolean[], available: number): number[] {
  const sum = (most: number) =>
    natural.reduce((total, width, column) => total + (fixed[column] ? width : Math.min(width, most)), 0);
  let most = Math.max(...natural);
  while (most > NARROWEST && sum(most) > available) most--;
  return natural.map((width, column) => (fixed[column] ? width : Math.min(width, most)));
}

function longest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}
