import { CHANGE_NAMES } from '@aries-data/sdk/internal';
import type { Application } from './apply.ts';

/**
 * Turns each "all records are gone" of a load table into one deletion for each key that was there: in the target, or earlier in the
 * load table. What follows then has one kind of deletion to apply.
 */
export async function spreadTruncations(application: Application): Promise<void> {
  const { connection, dialect, target, load, key } = application;
  const { quote } = dialect;
  const [op, at, seq] = [CHANGE_NAMES.op, CHANGE_NAMES.at, CHANGE_NAMES.seq].map(quote) as [string, string, string];
  const [row] = await connection.query(`SELECT count(*) AS "truncations" FROM ${load} WHERE ${op} = 't'`);
  if (Number(row?.truncations) === 0) return;
  const names = key.map(({ name }) => quote(name)).join(', ');
  const insert = `INSERT INTO ${load} (${names}, ${op}, ${at}, ${seq})`;
  const theirs = key.map(({ name, type, loadType }) =>
    type === loadType ? `k.${quote(name)}` : `CAST(k.${quote(name)} AS ${loadType})`,
  );
  await connection.run(
    `${insert} SELECT ${theirs.join(', ')}, 'd', t.${at}, t.${seq} FROM (SELECT DISTINCT ${names} FROM ${target}) AS k CROSS JOIN ${load} AS t WHERE t.${op} = 't'`,
  );
  const ours = key.map(({ name }) => `k.${quote(name)}`).join(', ');
  await connection.run(
    `${insert} SELECT DISTINCT ${ours}, 'd', t.${at}, t.${seq} FROM ${load} AS k CROSS JOIN ${load} AS t WHERE t.${op} = 't' AND k.${op} <> 't' AND k.${seq} < t.${seq}`,
  );
  await connection.run(`DELETE FROM ${load} WHERE ${op} = 't'`);
}
