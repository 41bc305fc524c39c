import { AriesError, type LoadCounts } from '@aries-data/sdk';
import { CHANGE_NAMES } from '@aries-data/sdk/internal';
import { type Application, isNewer, keepLast, sameKey, source, upsert } from './apply.ts';
import { fillUnsent, refuseUnfilled } from './fill-unsent.ts';
import { spreadTruncations } from './spread-truncations.ts';

/** Applies the last change of each key: deletes, updates and adds records. Fields that were not sent keep their values. */
export async function applyChanges(application: Application): Promise<LoadCounts> {
  const { dialect } = application;
  await spreadTruncations(application);
  const unsent = await fillUnsent(application);
  await keepLast(application, dialect.quote(CHANGE_NAMES.seq));
  await refuseUnfilled(application, unsent);
  const deleted = await applyDeletes(application);
  const stays = { intervals: [], newer: true };
  const counts = await upsert(application, stays, `l.${dialect.quote(CHANGE_NAMES.op)} = 'u'`);
  return { ...counts, deleted, unchanged: Math.max(0, (counts.unchanged ?? 0) - deleted) };
}

/** Deletes or marks the records whose last change says that they are gone. Returns how many there were. */
async function applyDeletes(application: Application): Promise<number> {
  const { connection, dialect, target, cursor, deletes, marks } = application;
  const rows = `${source(application)} AS l`;
  const conditions = [sameKey(application), `l.${dialect.quote(CHANGE_NAMES.op)} <> 'u'`];
  if (cursor !== undefined)
    conditions.push(`(l.${dialect.quote(cursor.name)} IS NULL OR NOT ${isNewer(dialect, cursor)})`);
  const gone = conditions.join(' AND ');
  switch (deletes) {
    case 'ignore':
      return 0;
    case 'hard':
      return connection.run(`DELETE FROM ${target} AS t WHERE EXISTS (SELECT 1 FROM ${rows} WHERE ${gone})`);
    case 'soft': {
      if (marks.deletedAt === undefined) throw new AriesError('BUG', 'deletes: soft without a column to mark');
      const column = dialect.quote(marks.deletedAt.name);
      return connection.run(
        `UPDATE ${target} AS t SET ${column} = l.${dialect.quote(CHANGE_NAMES.at)} FROM ${rows} WHERE ${gone} AND t.${column} IS NULL`,
      );
    }
  }
}
