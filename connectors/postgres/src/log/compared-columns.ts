import type { TableColumn } from './log-table.ts';
import type { LogColumn } from './pgoutput.ts';

// Oids of built-in types, which never change.
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;
const TEXT = 25;
const VARCHAR = 1043;
const TIME = 1083;
const TIMESTAMP = 1114;
const TIMESTAMPTZ = 1184;
const VARBIT = 1562;
const NUMERIC = 1700;

/** Types that a column may change to so that every value keeps its text. */
const WIDER: Record<number, readonly number[]> = {
  [INT2]: [INT4, INT8, NUMERIC],
  [INT4]: [INT8, NUMERIC],
  [INT8]: [NUMERIC],
  [VARCHAR]: [TEXT],
  [TEXT]: [VARCHAR],
};
/** Types whose values keep their text when a limit is raised or dropped. */
const LIMITED = [VARCHAR, TIME, TIMESTAMP, TIMESTAMPTZ, VARBIT];

/** Tells whether a table has exactly these columns at a place in the log. */
export function columnsAgree(then: readonly LogColumn[], now: readonly TableColumn[]): boolean {
  return (
    then.length === now.length &&
    then.every(({ name, type, modifier }, index) => {
      const column = now[index]!;
      return column.name === name && column.type === type && column.modifier === modifier;
    })
  );
}

/**
 * Compares the columns of a table at a place in the log with those of the catalog, both in their order. Returns why a row of then cannot
 * be read as one of now, as the end of a sentence; undefined if it can. Columns may have been added or dropped in between, but not both,
 * because that cannot be told from a new name. Types count only where the column is read.
 */
export function columnsDiffer(
  then: readonly LogColumn[],
  now: readonly TableColumn[],
  isRead: (name: string) => boolean = () => true,
): string | undefined {
  const old = new Map(then.map((column) => [column.name, column]));
  const kept = now.filter(({ name }) => old.has(name));
  for (const column of kept) {
    const before = old.get(column.name)!;
    if (isRead(column.name) && !keepsText(before, column)) return `"${column.name}" had another type`;
  }
  const dropped = then.filter(({ name }) => !now.some((column) => column.name === name));
  const added = now.filter(({ name }) => !old.has(name));
  const names = (columns: readonly { name: string }[]) => columns.map(({ name }) => `"${name}"`).join(', ');
  if (dropped.length > 0 && added.length > 0)
    return `${names(dropped)} became ${names(added)}, or was dropped and ${names(added)} added`;
  // A new column is always the last one.
  const lastKept = kept.at(-1);
  const between = added.find(({ number }) => lastKept !== undefined && number < lastKept.number);
  if (between !== undefined) return `"${between.name}" was not logged`;
  const order = then.filter(({ name }) => now.some((column) => column.name === name)).map(({ name }) => name);
  const moved = kept.find(({ name }, index) => order[index] !== name);
  return moved === undefined ? undefined : `"${moved.name}" was dropped and made anew`;
}

function keepsText(then: LogColumn, now: TableColumn): boolean {
  if (then.type !== now.type) return now.modifier === -1 && (WIDER[then.type]?.includes(now.type) ?? false);
  if (then.modifier === now.modifier) return true;
  if (now.type === NUMERIC)
    return now.modifier === -1 || (then.modifier !== -1 && isWiderNumeric(then.modifier, now.modifier));
  if (!LIMITED.includes(now.type)) return false;
  return now.modifier === -1 || (then.modifier !== -1 && now.modifier >= then.modifier);
}

/** The modifier holds the number of digits in its upper half and the scale in its lower, plus four. */
function isWiderNumeric(then: number, now: number): boolean {
  return (then - 4) % 65_536 === (now - 4) % 65_536 && now >= then;
}
