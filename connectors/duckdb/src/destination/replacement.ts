import type { NewColumn, Replacement } from '@aries-data/sql';
import { foldCase } from '../names.ts';
import type { DescribedTable } from './describe.ts';

/** The columns of a new table: those of the one that it replaces, changed as planned, or the dataset's. */
export function replacementColumns({ replaced, columns, changes }: Replacement): NewColumn[] {
  if (replaced === undefined) return [...columns];
  const made: NewColumn[] = replaced.columns.map(({ name, type, nullable }) => ({ name, type, nullable }));
  for (const change of changes) {
    if (change.kind === 'add') {
      made.push({ name: change.column, type: change.type, nullable: true });
      continue;
    }
    const at = made.findIndex(({ name }) => foldCase(name) === foldCase(change.column));
    made[at] = change.kind === 'widen' ? { ...made[at]!, type: change.type } : { ...made[at]!, nullable: true };
  }
  return made;
}

/** What of a table a new one would not have. */
export function swapObstacleOf(table: DescribedTable): string | undefined {
  if (table.indexes.length > 0) return `it has the index ${table.indexes[0]}`;
  if (table.constraints.length > 0) return `it has the constraint ${table.constraints[0]}`;
  const filled = table.columns.find((column) => column.hasDefault || column.generated);
  return filled === undefined ? undefined : `its column "${filled.name}" has a default, or is computed`;
}
