import { AriesError, type LoadPart } from '@aries-data/sdk';
import type { Copied, CopyTarget } from '@aries-data/sql';
import { createPartFiles } from './part-files.ts';
import { isPlainPart, type PartStatements, partStatements } from './part-reader.ts';
import type { SessionDatabase } from './session-database.ts';

/** Copies staged parts that DuckDB reads by itself. */
export interface PartCopier {
  copyPart(into: CopyTarget, part: LoadPart): Promise<Copied>;
  /** Removes the files that parts were written to. Never throws. */
  close(): Promise<void>;
}

export function createPartCopier(database: SessionDatabase, schema: string): PartCopier {
  const files = createPartFiles(() => database.path);
  /** Tables that had a part which DuckDB cannot read exactly. */
  const unplain = new Set<string>();

  async function copyFile(into: CopyTarget, { check, insert }: PartStatements, rows: number): Promise<Copied> {
    if (!(await isPlainPart(await database.outside(), check, rows))) {
      unplain.add(into.table);
      return UNPLAIN;
    }
    const inserted = await database.execute(insert);
    if (inserted !== rows) {
      throw new AriesError('COUNTS_DIFFER', `DuckDB was to read ${rows} rows for ${into.table}, it read ${inserted}`, {
        hint: 'Nothing was committed. Load again. If this happens again, report it.',
      });
    }
    await database.appenders.inserted(into, rows);
    return { rows };
  }

  return {
    async copyPart(into, part) {
      const statementsFor = partStatements(into, schema);
      if (statementsFor === undefined || unplain.has(into.table)) return UNPLAIN;
      // While one part is read, others are written to files.
      return files.use(part, (path) => database.inTurn(() => copyFile(into, statementsFor(path), part.rows)));
    },
    close: () => files.remove(),
  };
}

/** The part is then copied by records, which tells what is wrong with it, if anything. */
const UNPLAIN: Copied = { refused: { reason: 'DuckDB would read it differently than it is written' } };
