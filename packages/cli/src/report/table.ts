import { styleText } from 'node:util';

const NUMBER = /^[\d.,]+(?: [kMGTP]?B)?$/;

/** Columns under their titles; those that hold nothing but numbers to the right. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = titles.map((_, column) => rows.length > 0 && rows.every((row) => NUMBER.test(row[column] ?? '')));
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [styleText('dim', line(titles)), ...rows.map(line)].join('\n');
}
