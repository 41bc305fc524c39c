import type { LoadCounts } from '@aries-data/sdk';
import { CHANGE_NAMES } from '@aries-data/sdk/internal';
import { type Application, castColumns, isNewer, keepLast, sameKey, sameLoadedKey, source } from './apply.ts';
import { fillUnsent, refuseUnfilled } from './fill-unsent.ts';
import { spreadTruncations } from './spread-truncations.ts';

/** Number of a load table's row, so that it can be deleted. */
const ROW = '"_aries_row"';

/** The rows of a load table as changes: how to write each of them, and what it says. */
interface Versions {
  /** A table or a subquery with the columns of the target, `op`, `at` and `seq`. */
  rows: string;
  values: string[];
  /** Names of columns, quoted. */
  op: string;
  at: string;
  seq: string;
}

/**
 * Keeps versions of records: `_valid_from` and `_valid_to` say when each was there, and the current one has no end. A change closes the
 * current version and begins another; a deletion only closes it. What changes nothing leaves no version, and of several changes at one
 * moment only the last does.
 */
export async function applyHistory(application: Application): Promise<LoadCounts> {
  const { connection, received, staged } = application;
  const isChanges = staged.length > 0;
  if (isChanges) await prepareChanges(application);
  else await prepareRecords(application);
  const versions = versionsOf(application);
  await dropUnchanged(application, versions);
  const [closed, deleted] = await closeCurrent(application, versions);
  const inserted = await connection.run(insertion(application, versions), versions.values);
  const counts = { received, inserted, updated: closed - deleted, deleted };
  return { ...counts, unchanged: Math.max(0, received - inserted - deleted) };
}

/** Records as they are now: the last of each key counts, unless the target has a newer version. */
async function prepareRecords(application: Application): Promise<void> {
  const { connection, dialect, target, load, readStart, cursor, marks } = application;
  await keepLast(application);
  const { validFrom, validTo } = marks;
  const later = [`t.${dialect.quote(validFrom!.name)} > CAST($1 AS ${validFrom!.type})`];
  if (cursor !== undefined) later.push(isNewer(dialect, cursor));
  await connection.run(
    `DELETE FROM ${load} WHERE ${dialect.ordinal} IN (SELECT l.${ROW} FROM (SELECT ${[...castColumns(application), `${dialect.ordinal} AS ${ROW}`].join(', ')} FROM ${load}) AS l, ${target} AS t WHERE ${sameKey(application)} AND t.${dialect.quote(validTo!.name)} IS NULL AND (${later.join(' OR ')}))`,
    [readStart],
  );
}

async function prepareChanges(application: Application): Promise<void> {
  const { connection, dialect, load, deletes } = application;
  const op = dialect.quote(CHANGE_NAMES.op);
  await spreadTruncations(application);
  await refuseUnfilled(application, await fillUnsent(application));
  await connection.run(`UPDATE ${load} SET ${op} = 'd' WHERE ${op} = 'm'`);
  if (deletes === 'ignore') await connection.run(`DELETE FROM ${load} WHERE ${op} = 'd'`);
  await keepTimesInOrder(application);
  await keepLastOfMoment(application);
  await dropRepeated(application);
}

/** The times of a source's changes may run backwards, as clocks do. Their order counts: none begins before the one before it. */
async function keepTimesInOrder(application: Application): Promise<void> {
  const { connection, dialect, target, load, key, marks } = application;
  const { quote, ordinal } = dialect;
  const [at, seq] = [quote(CHANGE_NAMES.at), quote(CHANGE_NAMES.seq)];
  const [from, to] = [quote(marks.validFrom!.name), quote(marks.validTo!.name)];
  const keys = key.map(({ name }) => quote(name)).join(', ');
  const last = `SELECT ${keys}, MAX(COALESCE(${to}, ${from})) AS "_aries_last" FROM ${target} AS t WHERE EXISTS (SELECT 1 FROM ${source(application)} AS l WHERE ${sameKey(application)}) GROUP BY ${keys}`;
  await connection.run(
    `UPDATE ${load} AS l SET ${at} = t."_aries_last" FROM (${last}) AS t WHERE ${sameLoadedKey(application)} AND l.${at} < t."_aries_last"`,
  );
  const running = `SELECT ${ordinal} AS "_aries_row", MAX(${at}) OVER (PARTITION BY ${keys} ORDER BY ${seq}) AS "_aries_at" FROM ${load}`;
  await connection.run(
    `UPDATE ${load} AS l SET ${at} = w."_aries_at" FROM (${running}) AS w WHERE l.${ordinal} = w."_aries_row" AND l.${at} < w."_aries_at"`,
  );
}

/** Nobody saw what was changed again at the same moment, such as in one transaction. */
async function keepLastOfMoment({ connection, dialect, load, key }: Application): Promise<void> {
  const { quote, ordinal } = dialect;
  const columns = [...key.map(({ name }) => name), CHANGE_NAMES.at].map(quote).join(', ');
  const ranked = `SELECT ${ordinal} AS "_aries_row", row_number() OVER (PARTITION BY ${columns} ORDER BY ${quote(CHANGE_NAMES.seq)} DESC) AS "_aries_rank" FROM ${load}`;
  await connection.run(
    `DELETE FROM ${load} WHERE ${ordinal} IN (SELECT "_aries_row" FROM (${ranked}) AS ranked WHERE "_aries_rank" > 1)`,
  );
}

/** Drops changes that say the same as the one before. */
async function dropRepeated(application: Application): Promise<void> {
  const { connection, dialect, load, key, columns } = application;
  const { quote, ordinal } = dialect;
  const [op, seq] = [quote(CHANGE_NAMES.op), quote(CHANGE_NAMES.seq)];
  const keys = key.map(({ name }) => quote(name)).join(', ');
  const changing = columns.filter((column) => !key.includes(column));
  const before = `SELECT ${ordinal} AS "_aries_row", LAG(${ordinal}) OVER (PARTITION BY ${keys} ORDER BY ${seq}) AS "_aries_before" FROM ${load}`;
  const loaded = changing.map(({ name, loadType }) => ({ name, type: loadType }));
  const same = changing.length === 0 ? '' : ` AND (l.${op} <> 'u' OR NOT ${dialect.differs('l', 'p', loaded)})`;
  await connection.run(
    `DELETE FROM ${load} WHERE ${ordinal} IN (SELECT w."_aries_row" FROM (${before}) AS w, ${load} AS l, ${load} AS p WHERE l.${ordinal} = w."_aries_row" AND p.${ordinal} = w."_aries_before" AND l.${op} = p.${op}${same})`,
  );
}

/** Returns the rows as changes. Records as they are now begin with the read. */
function versionsOf(application: Application): Versions {
  const { dialect, load, readStart, staged, marks } = application;
  const { quote, ordinal } = dialect;
  const names = { op: quote(CHANGE_NAMES.op), at: quote(CHANGE_NAMES.at), seq: quote(CHANGE_NAMES.seq) };
  const row = `${ordinal} AS ${ROW}`;
  const of = (...columns: string[]) => `(SELECT ${[...castColumns(application), ...columns].join(', ')} FROM ${load})`;
  if (staged.length > 0) return { rows: of(row), values: [], ...names };
  const at = `CAST($1 AS ${marks.validFrom!.type}) AS ${names.at}`;
  return { rows: of(row, `'u' AS ${names.op}`, at, `0 AS ${names.seq}`), values: [readStart], ...names };
}

/**
 * Drops the first change of each key if it leaves the current version as it is. Joined, because databases look up what is under an OR
 * row by row, and a history has no index by key.
 */
async function dropUnchanged(application: Application, { rows, values, op, seq }: Versions): Promise<void> {
  const { connection, dialect, target, load, key, columns, marks } = application;
  const names = key.map(({ name }) => dialect.quote(name));
  const changing = columns.filter((column) => !key.includes(column));
  const same = changing.length === 0 ? '' : ` AND NOT ${dialect.differs('t', 'l', changing)}`;
  const current = `SELECT * FROM ${target} AS t WHERE t.${dialect.quote(marks.validTo!.name)} IS NULL`;
  const ranked = `SELECT r.*, row_number() OVER (PARTITION BY ${names.join(', ')} ORDER BY ${seq}) AS "_aries_rank" FROM ${rows} AS r`;
  const isThere = `t.${names[0]} IS NOT NULL`;
  await connection.run(
    `DELETE FROM ${load} WHERE ${dialect.ordinal} IN (SELECT l.${ROW} FROM (${ranked}) AS l LEFT JOIN (${current}) AS t ON ${sameKey(application)} WHERE l."_aries_rank" = 1 AND CASE WHEN l.${op} = 'u' THEN ${isThere}${same} ELSE NOT (${isThere}) END)`,
    values,
  );
}

/** Ends the current version of each key that changed. Returns how many were ended, and how many of them by a deletion. */
async function closeCurrent(
  application: Application,
  { rows, values, op, at, seq }: Versions,
): Promise<[closed: number, deleted: number]> {
  const { connection, dialect, target, key, marks } = application;
  const [from, to] = [dialect.quote(marks.validFrom!.name), dialect.quote(marks.validTo!.name)];
  const keys = key.map(({ name }) => dialect.quote(name)).join(', ');
  const ranked = `SELECT r.*, row_number() OVER (PARTITION BY ${keys} ORDER BY ${seq}) AS "_aries_rank" FROM ${rows} AS r`;
  const first = (which: string) =>
    `(SELECT * FROM (${ranked}) AS ranked WHERE "_aries_rank" = 1 AND ${op} ${which} 'u')`;
  const close = (which: string) =>
    connection.run(
      `UPDATE ${target} AS t SET ${to} = l.${at} FROM ${first(which)} AS l WHERE ${sameKey(application)} AND t.${to} IS NULL`,
      values,
    );
  const deleted = await close('<>');
  const updated = await close('=');
  // A version that ended the moment it began was seen by nobody.
  await connection.run(
    `DELETE FROM ${target} AS t WHERE t.${to} = t.${from} AND EXISTS (SELECT 1 FROM ${rows} AS l WHERE ${sameKey(application)})`,
    values,
  );
  return [deleted + updated, deleted];
}

/** Returns the statement that adds the new versions, each ending where the next one begins. */
function insertion(application: Application, { rows, op, at, seq }: Versions): string {
  const { dialect, target, columns, key, marks } = application;
  const { quote } = dialect;
  const [from, to] = [quote(marks.validFrom!.name), quote(marks.validTo!.name)];
  const names = columns.map(({ name }) => quote(name)).join(', ');
  const keys = key.map(({ name }) => quote(name)).join(', ');
  const ended = `SELECT r.*, LEAD(${at}) OVER (PARTITION BY ${keys} ORDER BY ${seq}) AS "_aries_end" FROM ${rows} AS r`;
  const option = dialect.insertOption === '' ? '' : ` ${dialect.insertOption}`;
  return `INSERT INTO ${target} (${names}, ${from}, ${to})${option} SELECT ${names}, ${at}, "_aries_end" FROM (${ended}) AS ended WHERE ${op} = 'u'`;
}
