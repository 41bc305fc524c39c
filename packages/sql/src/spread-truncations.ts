import { CHANGE_NAMES } from '@aries-data/sdk/internal';
import type { Application } from './apply.ts';

/**
 * Turns each "all records are gone" of a load table into one deletion for each record that was there: in the target, or by the last
 * change before it in the load table. What follows then has one kind of deletion to apply, each with the time at which its record went.
 */
export async function spreadTruncations(application: Application): Promise<void> {
  const { connection, dialect, target, load, key } = application;
  const { quote } = dialect;
  const [op, at, seq] = [CHANGE_NAMES.op, CHANGE_NAMES.at, CHANGE_NAMES.seq].map(quote) as [string, string, string];
  const [row] = await connection.query(`SELECT count(*) AS "truncations" FROM ${load} WHERE ${op} = 't'`);
  if (Number(row?.truncations) === 0) return;
  const names = key.map(({ name }) => quote(name)).join(', ');
  const insert = `INSERT INTO ${load} (${names}, ${op}, ${at}, ${seq})`;
  const truncations = `SELECT ${at}, ${seq}, LAG(${seq}) OVER (ORDER BY ${seq}) AS "_aries_before" FROM ${load} WHERE ${op} = 't'`;
  const ours = key.map(({ name }) => `k.${quote(name)}`).join(', ');
  const changes = `SELECT ${names}, ${op}, ${seq}, LEAD(${seq}) OVER (PARTITION BY ${names} ORDER BY ${seq}) AS "_aries_next" FROM ${load} WHERE ${op} <> 't'`;
  await connection.run(
    `${insert} SELECT ${ours}, 'd', t.${at}, t.${seq} FROM (${changes}) AS k, (${truncations}) AS t WHERE k.${op} = 'u' AND k.${seq} < t.${seq} AND (t."_aries_before" IS NULL OR k.${seq} > t."_aries_before") AND (k."_aries_next" IS NULL OR k."_aries_next" > t.${seq})`,
  );
  const theirs = key.map(({ name, type, loadType }) =>
    type === loadType ? `k.${quote(name)}` : `CAST(k.${quote(name)} AS ${loadType})`,
  );
  // A record that an earlier change concerns was deleted by it, or above.
  const same = key.map(({ name }, index) => `l.${quote(name)} = ${theirs[index]}`).join(' AND ');
  await connection.run(
    `${insert} SELECT ${theirs.join(', ')}, 'd', t.${at}, t.${seq} FROM (SELECT DISTINCT ${names} FROM ${target}) AS k, (${truncations}) AS t WHERE t."_aries_before" IS NULL AND NOT EXISTS (SELECT 1 FROM ${load} AS l WHERE ${same} AND l.${op} <> 't' AND l.${seq} < t.${seq})`,
  );
  await connection.run(`DELETE FROM ${load} WHERE ${op} = 't'`);
}
