/** Writes a query for the rows that only one of two queries with the same columns returns; none if they return the same. */
export function differences(source: string, target: string): string {
  const only = (what: string, one: string, other: string) =>
    `(SELECT '${what}' AS difference, * FROM ((${one}) EXCEPT ALL (${other})) AS rows)`;
  return `${only('lost', source, target)} UNION ALL ${only('too much', target, source)} LIMIT 10`;
}
