import { AriesError, type LoadCounts, type LoadTarget, type Log } from '@aries-data/sdk';
import { type Application, sameLoadedKey } from './apply.ts';

/** How to find the records that are gone by comparing keys. */
export interface Compared {
  kind: LoadTarget['compare'];
  maxDeleted: LoadTarget['maxDeleted'];
  /** The table of keys, quoted. */
  keys: string | undefined;
  /** Records of the dataset that the database refused. */
  rejected: number;
  stream: string;
  log: Log;
}

/**
 * Applies a load table, and deletes the records whose keys the source does not have. A dataset that has all records is compared before
 * its rows are applied, which may drop those that change nothing; staged keys after that, because they were read later than the rows.
 */
export async function withCompared(
  application: Application,
  compared: Compared,
  apply: (application: Application) => Promise<LoadCounts>,
): Promise<LoadCounts> {
  const before = compared.kind === 'dataset' ? await deleteMissing(application, compared) : 0;
  const counts = await apply(application);
  const after = compared.kind === 'keys' ? await deleteMissing(application, compared) : 0;
  return compared.kind === undefined ? counts : { ...counts, deleted: (counts.deleted ?? 0) + before + after };
}

/**
 * Deletes, marks or closes the records of the target whose keys the source does not have. Throws `DELETES_TOO_MANY` if there are more
 * than allowed.
 */
async function deleteMissing(application: Application, compared: Compared): Promise<number> {
  const { connection, dialect, target, load, readStart, deletes, marks } = application;
  const { kind, keys, rejected, stream, log } = compared;
  if (deletes === 'ignore') return 0;
  if (kind === 'dataset' && rejected > 0) {
    log.warn(
      `${stream}: nothing was deleted by comparing keys, because ${rejected} records were refused and their keys are not known`,
    );
    return 0;
  }
  const there = kind === 'keys' ? keys! : load;
  const mark = marks.validTo ?? marks.deletedAt;
  const isActive = mark === undefined ? [] : [`t.${dialect.quote(mark.name)} IS NULL`];
  const isMissing = `NOT EXISTS (SELECT 1 FROM ${there} AS l WHERE ${sameLoadedKey(application)})`;
  const isGone = [...isActive, isMissing].join(' AND ');
  await checkMost(application, compared, { isGone, isActive: isActive.join('') });
  if (mark === undefined || (marks.validTo === undefined && deletes === 'hard'))
    return connection.run(`DELETE FROM ${target} AS t WHERE ${isGone}`);
  const ended = `${dialect.quote(mark.name)} = CAST($1 AS ${mark.type})`;
  return connection.run(`UPDATE ${target} AS t SET ${ended} WHERE ${isGone}`, [readStart]);
}

async function checkMost(
  { connection, target }: Application,
  { maxDeleted, stream }: Compared,
  { isGone, isActive }: { isGone: string; isActive: string },
): Promise<void> {
  if (maxDeleted === undefined) return;
  const count = async (condition: string) => {
    const [row] = await connection.query(
      `SELECT count(*) AS "rows" FROM ${target} AS t${condition === '' ? '' : ` WHERE ${condition}`}`,
    );
    return Number(row?.rows);
  };
  const gone = await count(isGone);
  if (gone === 0) return;
  const all = await count(isActive);
  const allowed = 'count' in maxDeleted ? maxDeleted.count : maxDeleted.share * all;
  if (gone <= allowed) return;
  const limit = 'count' in maxDeleted ? `${maxDeleted.count}` : `${maxDeleted.share * 100}%`;
  throw new AriesError(
    'DELETES_TOO_MANY',
    `${stream}: the source no longer has ${gone} of the ${all} records of ${target}, ${limit} allowed`,
    {
      stream,
      hint: 'Nothing was committed. If the source is right, load once with a higher --max-deleted, such as 100%.',
    },
  );
}
